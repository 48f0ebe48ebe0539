package keys

import (
	"math"

	"valkey/frontend/command"
	"valkey/frontend/resp"
	"valkey/server/engine"
)

// SwapDB lets two databases change places.
var SwapDB = engine.Command{
	Spec: command.Spec{
		Name: "swapdb", Group: command.GroupServer, Since: "4.0.0",
		Complexity: "O(N) for N clients that watch keys of either database or wait for them",
		Summary:    "Lets two databases change places.",
		Arity:      3,
		Flags:      command.Write | command.Fast,
		Databases:  command.DatabaseArgs{At: [2]int{1, 2}},
		Categories: command.CategoryDangerous | command.CategoryKeyspace,
		Args:       []command.Arg{command.Int("index1"), command.Int("index2")},
	},
	Run: swapDB,
}

func swapDB(c *engine.Call) error {
	a, ok := parseInt32(c.Argv[1])
	if !ok {
		return resp.Error("ERR invalid first DB index")
	}
	b, ok := parseInt32(c.Argv[2])
	if !ok {
		return resp.Error("ERR invalid second DB index")
	}
	if n := c.Store.Databases(); min(a, b) < 0 || max(a, b) >= n {
		return engine.ErrDBIndex
	}
	c.SwapDB(a, b)
	c.Reply.OK()
	return nil
}

func parseInt32(b []byte) (int, bool) {
	n, ok := resp.ParseInt(b)
	return int(n), ok && n >= math.MinInt32 && n <= math.MaxInt32
}
