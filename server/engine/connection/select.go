package connection

import (
	"math"

	"valkey/frontend/command"
	"valkey/server/engine"
)

// Select is the command SELECT.
var Select = engine.Command{
	Spec: command.Spec{
		Name: "select", Group: command.GroupConnection, Since: "1.0.0",
		Complexity: "O(1)",
		Summary:    "Chooses the database for the commands that follow.",
		Arity:      2,
		Flags:      command.AllowBusy | command.Loading | command.Stale | command.Fast,
		Databases:  command.DatabaseArgs{At: [2]int{1}},
		Args:       []command.Arg{command.Int("index")},
	},
	Run: selectDB,
}

func selectDB(c *engine.Call) error {
	n, err := c.Int(1)
	if err != nil {
		return err
	}
	if n < math.MinInt32 || n > math.MaxInt32 {
		return engine.Errorf("value is out of range, value must between %d and %d", math.MinInt32, math.MaxInt32)
	}
	if n < 0 || n >= c.Config.Databases {
		return engine.ErrDBIndex
	}
	c.SelectDB(int(n))
	c.Reply.OK()
	return nil
}
