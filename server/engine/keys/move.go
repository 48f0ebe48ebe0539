package keys

import (
	"math"

	"valkey/configs"
	"valkey/frontend/command"
	"valkey/frontend/resp"
	"valkey/server/engine"
)

// Move moves a key to another database.
var Move = engine.Command{
	Spec: command.Spec{
		Name: "move", Group: command.GroupGeneric, Since: "1.0.0",
		Complexity: "O(1)",
		Summary:    "Moves a key to another database of the same server.",
		Arity:      3,
		Flags:      command.Write | command.Fast,
		Databases:  command.DatabaseArgs{At: [2]int{2}},
		Keys:       []command.KeySpec{command.KeyAt(1, command.RW, command.Access|command.Update)},
		Args:       []command.Arg{command.KeyArg("key", 0), command.Int("db")},
	},
	Run: move,
}

const errInt32 = resp.Error("ERR value is out of range, value must between -2147483648 and 2147483647")

func move(c *engine.Call) error {
	to, err := database(c, 2)
	if err != nil {
		return err
	}
	if to == c.Client.DB {
		return engine.ErrSameObject
	}
	k := c.Key(1)
	if !c.Find(k).Exists() || c.FindIn(to, k).Exists() {
		c.Reply.Int(0)
		return nil
	}
	c.DB.Move(c.Peek(k), k.Hash, c.Store.DB(to), k.Name, k.Hash)
	c.EventIn(to, configs.NotifyNew, "new", k)
	c.Modified(k)
	c.Touched(to, k)
	c.Event(configs.NotifyGeneric, "move_from", k)
	c.EventIn(to, configs.NotifyGeneric, "move_to", k)
	c.Reply.Int(1)
	return nil
}

// database reads the number of a database.
func database(c *engine.Call, i int) (int, error) {
	n, err := c.Int(i)
	switch {
	case err != nil:
		return 0, err
	case n < math.MinInt32 || n > math.MaxInt32:
		return 0, errInt32
	case n < 0 || int(n) >= c.Store.Databases():
		return 0, engine.ErrDBIndex
	}
	return int(n), nil
}
