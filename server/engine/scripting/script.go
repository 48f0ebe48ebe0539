// Package scripting is the commands about scripts. No script runs in this server yet; what can be said without one is
// here, since sentinels send it and users' rules name it. Start reading at Script.
package scripting

import (
	"valkey/frontend/command"
	"valkey/frontend/resp"
	"valkey/server/engine"
)

// Commands lists the family.
var Commands = []engine.Command{Script}

const errNotBusy = resp.Error("NOTBUSY No scripts in execution right now.")

// Script is the command SCRIPT.
var Script = engine.Command{
	Spec: command.Spec{
		Name: "script", Group: command.GroupScripting, Since: "2.6.0",
		Complexity: "Depends on subcommand.",
		Summary:    "Holds the commands about scripts.",
		Arity:      -2,
	},
	Sub: []engine.Command{scriptKill},
}

var scriptKill = engine.Command{
	Spec: command.Spec{
		Name: "kill", Group: command.GroupScripting, Since: "2.6.0",
		Complexity: "O(1)",
		Summary:    "Ends the script that is running, if it has written nothing.",
		Arity:      2,
		Flags:      command.NoScript | command.AllowBusy,
		Tips:       []string{"request_policy:all_shards", "response_policy:one_succeeded"},
	},
	Run: func(*engine.Call) error { return errNotBusy },
}
