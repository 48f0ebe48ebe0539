// Package users holds the command ACL: who may do what, as operators change and read it.
package users

import (
	"valkey/frontend/command"
	"valkey/frontend/session"
)

// Commands are the family's commands.
var Commands = []session.Command{ACL}

// ACL contains everything about users.
var ACL = session.Command{
	Spec: command.Spec{
		Name: "acl", Group: command.GroupServer, Since: "6.0.0",
		Complexity: "Depends on subcommand.",
		Summary:    "Contains the commands about users and their rules.",
		Arity:      -2,
		Flags:      command.SentinelToo,
	},
	Sub: []session.Command{
		aclCat, aclDelUser, aclDryRun, aclGenPass, aclGetUser, aclHelp, aclList, aclLoad, aclLog, aclSave, aclSetUser,
		aclUsers, aclWhoAmI,
	},
}

// open are the flags of what everyone may ask, closed those of what only operators may.
const (
	open   = command.NoScript | command.Loading | command.Stale | command.SentinelToo
	closed = open | command.Admin
)

var aclHelp = session.Command{
	Spec: command.Spec{
		Name: "help", Group: command.GroupServer, Since: "6.0.0",
		Complexity: "O(1)",
		Summary:    "Lists the subcommands.",
		Arity:      2,
		Flags:      command.Loading | command.Stale | command.SentinelToo,
	},
	Run: func(c *session.Call) error {
		c.WriteHelp(
			"CAT [<category>]",
			"    List the categories, or the commands of one.",
			"DELUSER <username> [<username> ...]",
			"    Remove users and disconnect their clients.",
			"DRYRUN <username> <command> [<arg> ...]",
			"    Tell whether a user might run a command, without running it.",
			"GETUSER <username>",
			"    Show a user's rules.",
			"GENPASS [<bits>]",
			"    Make a random password of 256 bits, or of so many.",
			"LIST",
			"    Show all users as lines of an ACL file.",
			"LOAD",
			"    Read all users from the ACL file.",
			"LOG [<count> | RESET]",
			"    Show the latest denials, or forget them.",
			"SAVE",
			"    Write all users to the ACL file.",
			"SETUSER <username> <rule> [<rule> ...]",
			"    Make or change a user.",
			"USERS",
			"    List the names of the users.",
			"WHOAMI",
			"    Tell the name of the connection's user.",
		)
		return nil
	},
}
