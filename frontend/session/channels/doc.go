// Package channels holds the commands that subscribe to messages, end that, and look at who is subscribed: SUBSCRIBE,
// UNSUBSCRIBE, those of patterns and of shard channels, and the container PUBSUB. What publishes is each server's own.
//
// Who listens to what, and how a message reaches them, is session.PubSub.
//
// Start reading at Commands.
package channels

import "valkey/frontend/session"

// Commands are the commands of the family.
var Commands = []session.Command{PSubscribe, Pubsub, PUnsubscribe, SSubscribe, Subscribe, SUnsubscribe, Unsubscribe}
