package pubsub

import (
	"valkey/frontend/command"
	"valkey/server/engine"
)

// Unsubscribe is the command UNSUBSCRIBE.
var Unsubscribe = engine.Command{
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

func unsubscribe(c *engine.Call) error { return unsubscribeFrom(c, engine.Channel) }

// PUnsubscribe is the command PUNSUBSCRIBE.
var PUnsubscribe = engine.Command{
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

func punsubscribe(c *engine.Call) error { return unsubscribeFrom(c, engine.Pattern) }

// SUnsubscribe is the command SUNSUBSCRIBE.
var SUnsubscribe = engine.Command{
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

func sunsubscribe(c *engine.Call) error { return unsubscribeFrom(c, engine.Shard) }

// unsubscribeFrom ends the given subscriptions, or all of a kind.
func unsubscribeFrom(c *engine.Call, k engine.Kind) error {
	if len(c.Argv) == 1 {
		c.UnsubscribeAll(k)
	}
	for _, name := range c.Argv[1:] {
		c.Unsubscribe(k, name)
	}
	return nil
}
