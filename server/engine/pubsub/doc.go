// Package pubsub holds the commands that publish messages. Those that subscribe are in frontend/session/channels: every
// server has them.
//
// Who listens to what, and how a message reaches them, is session.PubSub. A message is delivered at most once, to those
// who are subscribed when it is published, and in the order of publishing to each of them.
//
// Start reading at Commands.
package pubsub

import (
	"valkey/frontend/session/channels"
	"valkey/server/engine"
)

// Commands are the commands of the family, and those that subscribe.
var Commands = append([]engine.Command{Publish, SPublish}, engine.Lift(channels.Commands)...)
