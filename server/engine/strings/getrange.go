package strings

import (
	"valkey/frontend/command"
	"valkey/server/engine"
)

// GetRange replies a part of a string.
var GetRange = engine.Command{
	Spec: command.Spec{
		Name: "getrange", Group: command.GroupString, Since: "2.4.0",
		Complexity: "O(N) for the N bytes returned",
		Summary:    "Returns the part of a string between two offsets.",
		Arity:      4,
		Flags:      command.Readonly,
		Keys:       []command.KeySpec{command.KeyAt(1, command.RO, command.Access)},
		Args:       []command.Arg{command.KeyArg("key", 0), command.Int("start"), command.Int("end")},
	},
	Run: getRange,
}

// Substr is the old name of GETRANGE.
var Substr = engine.Command{
	Spec: command.Spec{
		Name: "substr", Group: command.GroupString, Since: "1.0.0",
		Complexity: "O(N) for the N bytes returned",
		Summary:    "Returns the part of a string between two offsets, under the old name of GETRANGE.",
		Arity:      4,
		Flags:      command.Readonly,
		Keys:       []command.KeySpec{command.KeyAt(1, command.RO, command.Access)},
		Args:       []command.Arg{command.KeyArg("key", 0), command.Int("start"), command.Int("end")},
	},
	Run: getRange,
}

func getRange(c *engine.Call) error {
	start, err := c.Int(2)
	if err != nil {
		return err
	}
	end, err := c.Int(3)
	if err != nil {
		return err
	}
	en, err := c.ReadString(c.Key(1))
	if err != nil {
		return err
	}
	var part []byte
	var scratch [20]byte
	if en.Exists() {
		part = between(en.Bytes(&scratch), start, end)
	}
	c.Reply.Bulk(part)
	return nil
}

// between is the part of b from start to end, both included; negative ones count from the end of b.
func between(b []byte, start, end int64) []byte {
	n := int64(len(b))
	if start < 0 && end < 0 && start > end {
		return nil // even where both lie before the beginning
	}
	start, end = place(start, n), min(place(end, n), n-1)
	if start > end {
		return nil
	}
	return b[start : end+1]
}

func place(i, n int64) int64 {
	if i < 0 {
		return max(n+i, 0)
	}
	return i
}
