package clients

import (
	"valkey/frontend/command"
	"valkey/frontend/session"
)

var clientNoEvict = session.Command{
	Spec: command.Spec{
		Name: "no-evict", Group: command.GroupConnection, Since: "7.0.0",
		Complexity: "O(1)",
		Summary:    "Protects the connection from being closed for the memory that clients use, or not.",
		Arity:      3,
		Flags: command.AllowBusy | command.Admin | command.NoScript | command.Loading | command.Stale |
			command.SentinelToo,
		Args: []command.Arg{command.OneOf("enabled", command.Token("on", "ON"), command.Token("off", "OFF"))},
	},
	Run: noEvict,
}

func noEvict(c *session.Call) error { return setMode(c, &c.Client.NoEvict) }

var clientNoTouch = session.Command{
	Spec: command.Spec{
		Name: "no-touch", Group: command.GroupConnection, Since: "7.2.0",
		Complexity: "O(1)",
		Summary:    "Lets the connection's commands count as use of keys, or not.",
		Arity:      3,
		Flags:      command.AllowBusy | command.NoScript | command.Loading | command.Stale,
		Args:       []command.Arg{command.OneOf("enabled", command.Token("on", "ON"), command.Token("off", "OFF"))},
	},
	Run: noTouch,
}

func noTouch(c *session.Call) error { return setMode(c, &c.Client.NoTouch) }

var clientImportSource = session.Command{
	Spec: command.Spec{
		Name: "import-source", Group: command.GroupConnection, Since: "8.1.0",
		Complexity: "O(1)",
		Summary:    "Declares the connection to bring data in while the server is importing.",
		Arity:      3,
		Flags:      command.NoScript | command.Loading | command.Stale,
		Args:       []command.Arg{command.OneOf("enabled", command.Token("on", "ON"), command.Token("off", "OFF"))},
	},
	Run: importSource,
}

func importSource(c *session.Call) error {
	if !c.Front.Config.ImportMode && !c.Is(2, "off") {
		return session.Errorf("Server is not in import mode")
	}
	return setMode(c, &c.Client.ImportSource)
}

func setMode(c *session.Call, mode *bool) error {
	switch {
	case c.Is(2, "on"):
		*mode = true
	case c.Is(2, "off"):
		*mode = false
	default:
		return session.ErrSyntax
	}
	c.Reply.OK()
	return nil
}

var clientCapa = session.Command{
	Spec: command.Spec{
		Name: "capa", Group: command.GroupConnection, Since: "8.0.0",
		Complexity: "O(1)",
		Summary:    "Tells the server what the client is able to do.",
		Arity:      -3,
		Flags:      command.AllowBusy | command.NoScript | command.Loading | command.Stale,
		Args:       []command.Arg{command.Str("capability").Many()},
	},
	Run: capa,
}

// capa ignores what it does not know: a client may be newer than the server.
func capa(c *session.Call) error {
	for i := 2; i < len(c.Argv); i++ {
		if c.Is(i, "redirect") {
			c.Client.Redirect = true
		}
	}
	c.Reply.OK()
	return nil
}
