package channels

import (
	"valkey/frontend/command"
	"valkey/frontend/session"
)

// Subscribe is the command SUBSCRIBE.
var Subscribe = session.Command{
	Spec: command.Spec{
		Name: "subscribe", Group: command.GroupPubsub, Since: "2.0.0",
		Complexity: "O(N) for N channels",
		Summary:    "Receives the messages of channels.",
		Arity:      -2,
		Flags:      command.Pubsub | command.NoScript | command.Loading | command.Stale | command.SentinelToo,
		Channels:   command.SubscribesTo,
		Args:       []command.Arg{command.Str("channel").Many()},
	},
	Run: subscribe,
}

func subscribe(c *session.Call) error { return subscribeTo(c, session.Channel) }

// PSubscribe is the command PSUBSCRIBE.
var PSubscribe = session.Command{
	Spec: command.Spec{
		Name: "psubscribe", Group: command.GroupPubsub, Since: "2.0.0",
		Complexity: "O(N) for N patterns",
		Summary:    "Receives the messages of all channels whose names match patterns.",
		Arity:      -2,
		Flags:      command.Pubsub | command.NoScript | command.Loading | command.Stale | command.SentinelToo,
		Channels:   command.SubscribesPattern,
		Args:       []command.Arg{command.Pattern("pattern").Many()},
	},
	Run: psubscribe,
}

func psubscribe(c *session.Call) error { return subscribeTo(c, session.Pattern) }

// SSubscribe is the command SSUBSCRIBE.
var SSubscribe = session.Command{
	Spec: command.Spec{
		Name: "ssubscribe", Group: command.GroupPubsub, Since: "7.0.0",
		Complexity: "O(N) for N shard channels",
		Summary:    "Receives the messages of shard channels.",
		Arity:      -2,
		Flags:      command.Pubsub | command.NoScript | command.Loading | command.Stale,
		Channels:   command.SubscribesTo,
		Keys:       []command.KeySpec{command.KeyRange(1, -1, 1, 0, command.NotKey)},
		Args:       []command.Arg{command.Str("shardchannel").Many()},
	},
	Run: ssubscribe,
}

// ssubscribe refuses what SUBSCRIBE and PSUBSCRIBE, which are older, allow: confirmations inside the reply of EXEC.
func ssubscribe(c *session.Call) error {
	if !c.MayBlock() {
		return session.Errorf("SSUBSCRIBE isn't allowed for a DENY BLOCKING client")
	}
	return subscribeTo(c, session.Shard)
}

// subscribeTo subscribes to each argument; every one is confirmed by a message of its own, which is all of the reply.
func subscribeTo(c *session.Call, k session.Kind) error {
	for _, name := range c.Argv[1:] {
		c.Subscribe(k, name)
	}
	return nil
}
