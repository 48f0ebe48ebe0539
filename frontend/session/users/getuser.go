package users

import (
	"crypto/rand"
	"encoding/hex"

	"valkey/frontend/acl"
	"valkey/frontend/command"
	"valkey/frontend/resp"
	"valkey/frontend/session"
)

var aclGetUser = session.Command{
	Spec: command.Spec{
		Name: "getuser", Group: command.GroupServer, Since: "6.0.0",
		Complexity: "O(N) for N passwords, commands and patterns of the user",
		Summary:    "Shows a user's flags, passwords and rules.",
		Arity:      3,
		Flags:      closed,
		Args:       []command.Arg{command.Str("username")},
		History: []command.Change{
			{Version: "6.2.0", Text: "Shows rules about channels of pub/sub."},
			{Version: "7.0.0", Text: "Shows selectors, and patterns as rules in place of lists."},
			{Version: "9.1.0", Text: "Shows rules about databases."},
		},
	},
	Run: getUser,
}

func getUser(c *session.Call) error {
	c.Redact(2)
	u := c.Front.Users.Find(c.Argv[2])
	if u == nil {
		c.Reply.Null()
		return nil
	}
	w := c.Reply
	all := u.Permissions()
	w.Map(7)
	w.BulkString("flags")
	flags := u.Flags()
	w.Set(len(flags))
	for _, f := range flags {
		w.BulkString(f)
	}
	w.BulkString("passwords")
	writeStrings(w, u.Passwords())
	writePermissions(w, &all[0])
	w.BulkString("selectors")
	w.Array(len(all) - 1)
	for i := range all[1:] {
		w.Map(4)
		writePermissions(w, &all[i+1])
	}
	return nil
}

func writePermissions(w *resp.Writer, p *acl.Permissions) {
	for _, field := range [][2]string{
		{"commands", p.Commands}, {"keys", p.Keys}, {"channels", p.Channels}, {"databases", p.Databases},
	} {
		w.BulkString(field[0])
		w.BulkString(field[1])
	}
}

func writeStrings(w *resp.Writer, list []string) {
	w.Array(len(list))
	for _, s := range list {
		w.BulkString(s)
	}
}

var aclList = session.Command{
	Spec: command.Spec{
		Name: "list", Group: command.GroupServer, Since: "6.0.0",
		Complexity: "O(N) for N users",
		Summary:    "Shows all users as lines of an ACL file.",
		Arity:      2,
		Flags:      closed,
	},
	Run: func(c *session.Call) error {
		writeStrings(c.Reply, c.Front.Users.Lines())
		return nil
	},
}

var aclUsers = session.Command{
	Spec: command.Spec{
		Name: "users", Group: command.GroupServer, Since: "6.0.0",
		Complexity: "O(N) for N users",
		Summary:    "Lists the names of all users.",
		Arity:      2,
		Flags:      closed,
	},
	Run: func(c *session.Call) error {
		c.Reply.Array(c.Front.Users.Len())
		for _, u := range c.Front.Users.All() {
			c.Reply.BulkString(u.Name())
		}
		return nil
	},
}

var aclWhoAmI = session.Command{
	Spec: command.Spec{
		Name: "whoami", Group: command.GroupServer, Since: "6.0.0",
		Complexity: "O(1)",
		Summary:    "Tells the name of the connection's user.",
		Arity:      2,
		Flags:      open,
	},
	Run: func(c *session.Call) error {
		if u := c.Client.User; u != nil {
			c.Reply.BulkString(u.Name())
		} else {
			c.Reply.Null()
		}
		return nil
	},
}

var aclCat = session.Command{
	Spec: command.Spec{
		Name: "cat", Group: command.GroupServer, Since: "6.0.0",
		Complexity: "O(1), as there are only so many categories and commands",
		Summary:    "Lists the categories, or the commands of one.",
		Arity:      -2,
		Flags:      open,
		Args:       []command.Arg{command.Str("category").Opt()},
	},
	Run: cat,
}

func cat(c *session.Call) error {
	switch len(c.Argv) {
	case 2:
		writeStrings(c.Reply, command.CategoryNames())
		return nil
	case 3:
	default:
		return c.ErrSubcommandSyntax()
	}
	category := command.CategoryByName(c.Argv[2])
	if category == 0 {
		return session.Errorf("Unknown category '%.128s'", c.Argv[2])
	}
	var names []string
	for d := range c.Front.Commands.All {
		if d.Categories&category != 0 {
			names = append(names, d.FullName)
		}
	}
	writeStrings(c.Reply, names)
	return nil
}

var aclGenPass = session.Command{
	Spec: command.Spec{
		Name: "genpass", Group: command.GroupServer, Since: "6.0.0",
		Complexity: "O(1)",
		Summary:    "Makes a random password.",
		Arity:      -2,
		Flags:      open,
		Args:       []command.Arg{command.Int("bits").Opt()},
	},
	Run: genPass,
}

const (
	passwordBits    = 256
	passwordBitsMax = 4096
	bitsPerDigit    = 4
)

func genPass(c *session.Call) error {
	bits := int64(passwordBits)
	switch len(c.Argv) {
	case 2:
	case 3:
		var err error
		if bits, err = c.Int(2); err != nil {
			return err
		}
	default:
		return c.ErrSubcommandSyntax()
	}
	if bits <= 0 || bits > passwordBitsMax {
		return session.Errorf("ACL GENPASS argument must be the number of bits for the output password, a positive number "+
			"up to %d", passwordBitsMax)
	}
	digits := int(bits+bitsPerDigit-1) / bitsPerDigit
	random := make([]byte, (digits+1)/2)
	rand.Read(random) // never fails
	c.Reply.BulkString(hex.EncodeToString(random)[:digits])
	return nil
}

var aclDryRun = session.Command{
	Spec: command.Spec{
		Name: "dryrun", Group: command.GroupServer, Since: "7.0.0",
		Complexity: "O(1).",
		Summary:    "Tells whether a user might run a command, without running it.",
		Arity:      -4,
		Flags:      closed,
		Args:       []command.Arg{command.Str("username"), command.Str("command"), command.Str("arg").Many().Opt()},
	},
	Run: dryRun,
}

func dryRun(c *session.Call) error {
	u := c.Front.Users.Find(c.Argv[2])
	if u == nil {
		return session.Errorf("User '%s' not found", c.Argv[2])
	}
	argv := c.Argv[3:]
	cmd, ok := c.Front.Commands.Find(argv)
	if !ok {
		return session.Errorf("Command '%s' not found", argv[0])
	}
	if !cmd.ArityOK(len(argv)) {
		return session.Errorf("wrong number of arguments for '%s' command", cmd.FullName)
	}
	db := c.Client.DB
	r := acl.Request{Command: cmd, Argv: argv, DB: db, Databases: int(c.Front.Config.Databases)}
	if why, at := c.Front.Users.Check(u, r); why != acl.Allowed {
		c.Reply.BulkString(session.Permission(u, cmd, why, argv[at]))
		return nil
	}
	c.Reply.OK()
	return nil
}
