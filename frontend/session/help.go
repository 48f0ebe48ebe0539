package session

import "strings"

// WriteHelp answers HELP of a container: a heading, the lines (a call, then its description indented by four blanks)
// and how to get this help, as status replies.
func (c *Call) WriteHelp(lines ...string) {
	name := c.Cmd.Name
	if c.Cmd.Parent != nil {
		name = c.Cmd.Parent.Name
	}
	c.Reply.Array(len(lines) + 3)
	c.Reply.Simple(strings.ToUpper(name) + " <subcommand> [<arg> [value] [opt] ...]. Subcommands are:")
	for _, line := range lines {
		c.Reply.Simple(line)
	}
	c.Reply.Simple("HELP")
	c.Reply.Simple("    Print this help.")
}
