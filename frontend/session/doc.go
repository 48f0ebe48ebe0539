// Package session holds a client as commands see it: who it is, which database and protocol it speaks, its open
// transaction, its subscriptions, what it waits for, and the replies that are on their way to it.
//
// A Client has no lock of its own: every field is guarded by the engine lock. What the network owns (socket, unsent
// bytes, query buffer) is reached through Link, whose methods may be called from any goroutine. Start reading at
// Client.
package session
