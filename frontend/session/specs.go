package session

import "valkey/frontend/command"

// Commands that every server has with a handler of its own.
var (
	// InfoSpec declares INFO.
	InfoSpec = command.Spec{
		Name: "info", Group: command.GroupServer, Since: "1.0.0",
		Complexity: "O(1)",
		Summary:    "Reports on the state of the server, in sections of fields.",
		Arity:      -1,
		Flags:      command.Loading | command.Stale | command.SentinelToo,
		Categories: command.CategoryDangerous,
		Args:       []command.Arg{command.Str("section").Many().Opt()},
		Tips:       []string{"nondeterministic_output", "request_policy:all_shards", "response_policy:special"},
		History: []command.Change{
			{Version: "7.0.0", Text: "Takes more than one section."},
		},
	}
	// PublishSpec declares PUBLISH.
	PublishSpec = command.Spec{
		Name: "publish", Group: command.GroupPubsub, Since: "2.0.0",
		Complexity: "O(N+M) for N subscribers of the channel and M patterns of all clients",
		Summary:    "Sends a message to the subscribers of a channel.",
		Arity:      3,
		Flags: command.Pubsub | command.Loading | command.Stale | command.Fast | command.MayReplicate |
			command.SentinelToo,
		Channels: command.PublishesTo,
		Args:     []command.Arg{command.Str("channel"), command.Str("message")},
	}
	// RoleSpec declares ROLE.
	RoleSpec = command.Spec{
		Name: "role", Group: command.GroupServer, Since: "2.8.12",
		Complexity: "O(1)",
		Summary:    "Tells whether the server is a primary, with its replicas, or a replica, with its primary.",
		Arity:      1,
		Flags:      command.NoScript | command.Loading | command.Stale | command.Fast | command.SentinelToo,
		Categories: command.CategoryAdmin | command.CategoryDangerous,
	}
	// ShutdownSpec declares SHUTDOWN.
	ShutdownSpec = command.Spec{
		Name: "shutdown", Group: command.GroupServer, Since: "1.0.0",
		Complexity: "O(N) for N keys in all databases if they are saved, else O(1)",
		Summary:    "Ends the server, after saving the data if so configured or asked.",
		Arity:      -1,
		Flags: command.Admin | command.NoScript | command.Loading | command.Stale | command.NoMulti |
			command.SentinelToo | command.AllowBusy,
		Args: []command.Arg{
			command.OneOf("abort-selector",
				command.Block("save-selector-block",
					command.OneOf("save-selector",
						command.Token("nosave", "NOSAVE"),
						command.Token("save", "SAVE")).Opt(),
					command.Token("now", "NOW").Opt().From("7.0.0"),
					command.Token("force", "FORCE").Opt().From("7.0.0"),
					command.Token("safe", "SAFE").Opt().From("9.0.0"),
					command.Token("failover", "FAILOVER").Opt().From("9.0.0")),
				command.Token("abort", "ABORT").From("7.0.0")).Opt(),
		},
		History: []command.Change{
			{Version: "7.0.0", Text: "Takes the options `NOW`, `FORCE` and `ABORT`."},
			{Version: "9.0.0", Text: "Takes the options `SAFE` and `FAILOVER`."},
		},
	}
)
