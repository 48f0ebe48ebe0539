package clients

import (
	"valkey/frontend/command"
	"valkey/frontend/session"
)

// Quit is the command QUIT.
var Quit = session.Command{
	Spec: command.Spec{
		Name: "quit", Group: command.GroupConnection, Since: "1.0.0",
		Complexity: "O(1)",
		Summary:    "Ends the connection after the reply.",
		Arity:      -1,
		Flags: command.AllowBusy | command.NoScript | command.Loading | command.Stale | command.Fast |
			command.NoAuth,
	},
	Run: quit,
}

func quit(c *session.Call) error {
	c.Reply.OK()
	c.Client.CloseAfter = true
	return nil
}
