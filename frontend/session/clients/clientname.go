package clients

import (
	"valkey/frontend/command"
	"valkey/frontend/resp"
	"valkey/frontend/session"
)

var clientGetName = session.Command{
	Spec: command.Spec{
		Name: "getname", Group: command.GroupConnection, Since: "2.6.9",
		Complexity: "O(1)",
		Summary:    "Returns the name given to the connection.",
		Arity:      2,
		Flags:      command.AllowBusy | command.NoScript | command.Loading | command.Stale | command.SentinelToo,
	},
	Run: getName,
}

func getName(c *session.Call) error {
	if c.Client.Name == "" {
		c.Reply.Null()
	} else {
		c.Reply.BulkString(c.Client.Name)
	}
	return nil
}

var clientSetName = session.Command{
	Spec: command.Spec{
		Name: "setname", Group: command.GroupConnection, Since: "2.6.9",
		Complexity: "O(1)",
		Summary:    "Gives the connection a name.",
		Arity:      3,
		Flags:      command.AllowBusy | command.NoScript | command.Loading | command.Stale | command.SentinelToo,
		Args:       []command.Arg{command.Str("connection-name")},
		Tips:       []string{"request_policy:all_nodes", "response_policy:all_succeeded"},
	},
	Run: setName,
}

const errName = resp.Error("ERR Client names cannot contain spaces, newlines or special characters.")

func setName(c *session.Call) error {
	if !printable(c.Argv[2]) {
		return errName
	}
	c.Client.Name = string(c.Argv[2]) // empty: no name any more
	c.Reply.OK()
	return nil
}

var clientSetInfo = session.Command{
	Spec: command.Spec{
		Name: "setinfo", Group: command.GroupConnection, Since: "7.2.0",
		Complexity: "O(1)",
		Summary:    "Stores the name or version of the client's library.",
		Arity:      4,
		Flags:      command.AllowBusy | command.NoScript | command.Loading | command.Stale | command.SentinelToo,
		Args: []command.Arg{
			command.OneOf("attr",
				command.Str("libname").Tok("LIB-NAME"),
				command.Str("libver").Tok("LIB-VER")),
		},
		Tips: []string{"request_policy:all_nodes", "response_policy:all_succeeded"},
	},
	Run: setInfo,
}

func setInfo(c *session.Call) error {
	var field *string
	switch {
	case c.Is(2, "lib-name"):
		field = &c.Client.LibName
	case c.Is(2, "lib-ver"):
		field = &c.Client.LibVersion
	default:
		return session.Errorf("Unrecognized option '%s'", c.Argv[2])
	}
	if !printable(c.Argv[3]) {
		return session.Errorf("%s cannot contain spaces, newlines or special characters.", c.Argv[2])
	}
	*field = string(c.Argv[3])
	c.Reply.OK()
	return nil
}

// printable reports whether text can stand in a line of CLIENT LIST, whose fields are separated by blanks.
func printable(text []byte) bool {
	for _, ch := range text {
		if ch < '!' || ch > '~' {
			return false
		}
	}
	return true
}
