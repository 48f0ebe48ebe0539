// Package pubsub holds the commands of publish and subscribe, and the container PUBSUB that looks at it.
//
// Who listens to what, and how a message reaches them, is the engine's (engine/pubsub.go). A message is delivered at
// most once, to those who are subscribed when it is published, and in the order of publishing to each of them.
//
// Start reading at Commands.
package pubsub

import "valkey/server/engine"

// Commands are the commands of the family.
var Commands = []engine.Command{
	PSubscribe, Publish, Pubsub, PUnsubscribe, SPublish, SSubscribe, Subscribe, SUnsubscribe, Unsubscribe,
}
