package pubsub

import (
	"valkey/frontend/command"
	"valkey/frontend/session"
	"valkey/server/engine"
)

// Publish is the command PUBLISH.
var Publish = engine.Command{
	Spec: session.PublishSpec,
	Run:  publish,
}

func publish(c *engine.Call) error {
	c.Reply.Int(int64(c.Publish(c.Argv[1], c.Argv[2])))
	c.EffectTo(engine.ToReplicas)
	return nil
}

// SPublish is the command SPUBLISH.
var SPublish = engine.Command{
	Spec: command.Spec{
		Name: "spublish", Group: command.GroupPubsub, Since: "7.0.0",
		Complexity: "O(N) for N subscribers of the shard channel",
		Summary:    "Sends a message to the subscribers of a shard channel.",
		Arity:      3,
		Flags:      command.Pubsub | command.Loading | command.Stale | command.Fast | command.MayReplicate,
		Channels:   command.PublishesTo,
		Keys:       []command.KeySpec{command.KeyAt(1, 0, command.NotKey)},
		Args:       []command.Arg{command.Str("shardchannel"), command.Str("message")},
	},
	Run: spublish,
}

func spublish(c *engine.Call) error {
	c.Reply.Int(int64(c.PublishShard(c.Argv[1], c.Argv[2])))
	c.EffectTo(engine.ToReplicas)
	return nil
}
