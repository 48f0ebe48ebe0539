package keys

import (
	"valkey/configs"
	"valkey/frontend/command"
	"valkey/server/engine"
)

// Copy copies a value to another key, in the same database or another.
var Copy = engine.Command{
	Spec: command.Spec{
		Name: "copy", Group: command.GroupGeneric, Since: "6.2.0",
		Complexity: "O(N) for a collection of N elements, O(1) for a string",
		Summary:    "Copies what is stored at a key to another key.",
		Arity:      -3,
		Flags:      command.Write | command.DenyOOM,
		Databases:  command.DatabaseArgs{After: "db", From: 3},
		Keys: []command.KeySpec{
			command.KeyAt(1, command.RO, command.Access),
			command.KeyAt(2, command.OW, command.Update),
		},
		Args: []command.Arg{
			command.KeyArg("source", 0),
			command.KeyArg("destination", 1),
			command.Int("destination-db").Tok("DB").Opt(),
			command.Token("replace", "REPLACE").Opt(),
		},
	},
	Run: copyKey,
}

func copyKey(c *engine.Call) error {
	db, replace := c.Client.DB, false
	for i := 3; i < len(c.Argv); i++ {
		switch {
		case c.Is(i, "replace"):
			replace = true
		case c.Is(i, "db") && i+1 < len(c.Argv):
			i++
			n, err := database(c, i)
			if err != nil {
				return err
			}
			db = n
		default:
			return engine.ErrSyntax
		}
	}
	from, to := c.Key(1), c.Key(2)
	if db == c.Client.DB && string(from.Name) == string(to.Name) {
		return engine.ErrSameObject
	}
	if !c.Read(from).Exists() {
		c.Reply.Int(0)
		return nil
	}
	if c.FindIn(db, to).Exists() {
		if !replace {
			c.Reply.Int(0)
			return nil
		}
		c.Store.DB(db).Unlink(to.Name, to.Hash)
	}
	c.DB.Copy(c.Peek(from), c.Store.DB(db), to.Name, to.Hash)
	c.EventIn(db, configs.NotifyNew, "new", to)
	c.ModifiedIn(db, to)
	c.EventIn(db, configs.NotifyGeneric, "copy_to", to)
	c.Reply.Int(1)
	return nil
}
