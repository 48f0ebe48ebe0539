package channels

import (
	"valkey/frontend/command"
	"valkey/frontend/session"
)

// Unsubscribe is the command UNSUBSCRIBE.
var Unsubscribe = session.Command{
	Spec: command.Spec{
		Name: "unsubscribe", Group: command.GroupPubsub, Since: "2.0.0",
		Complexity: "O(N) for N channels",
		Summary:    "Gives up subscriptions to channels, or to all of them.",
		Arity:      -1,
		Flags:      command.Pubsub | command.NoScript | command.Loading | command.Stale | command.SentinelToo,
		Args:       []command.Arg{command.Str("channel").Many().Opt()},
	},
	Run: unsubscribe,
}

func unsubscribe(c *session.Call) error { return unsubscribeFrom(c, session.Channel) }

// PUnsubscribe is the command PUNSUBSCRIBE.
var PUnsubscribe = session.Command{
	Spec: command.Spec{
		Name: "punsubscribe", Group: command.GroupPubsub, Since: "2.0.0",
		Complexity: "O(N) for N patterns",
		Summary:    "Gives up subscriptions to patterns, or to all of them.",
		Arity:      -1,
		Flags:      command.Pubsub | command.NoScript | command.Loading | command.Stale | command.SentinelToo,
		Args:       []command.Arg{command.Pattern("pattern").Many().Opt()},
	},
	Run: punsubscribe,
}

func punsubscribe(c *session.Call) error { return unsubscribeFrom(c, session.Pattern) }

// SUnsubscribe is the command SUNSUBSCRIBE.
var SUnsubscribe = session.Command{
	Spec: command.Spec{
		Name: "sunsubscribe", Group: command.GroupPubsub, Since: "7.0.0",
		Complexity: "O(N) for N shard channels",
		Summary:    "Gives up subscriptions to shard channels, or to all of them.",
		Arity:      -1,
		Flags:      command.Pubsub | command.NoScript | command.Loading | command.Stale,
		Keys:       []command.KeySpec{command.KeyRange(1, -1, 1, 0, command.NotKey)},
		Args:       []command.Arg{command.Str("shardchannel").Many().Opt()},
	},
	Run: sunsubscribe,
}

func sunsubscribe(c *session.Call) error { return unsubscribeFrom(c, session.Shard) }

// unsubscribeFrom ends the given subscriptions, or all of a kind.
func unsubscribeFrom(c *session.Call, k session.Kind) error {
	if len(c.Argv) == 1 {
		c.UnsubscribeAll(k)
	}
	for _, name := range c.Argv[1:] {
		c.Unsubscribe(k, name)
	}
	return nil
}
