// Package session is the part of a server that its clients meet, whatever the server does for them: who is connected,
// under which user and with which protocol, their open transactions and subscriptions, what they wait for, and the
// replies that are on their way to them.
//
// Client is one of them. Front has all, with what commands about clients, users and messages need, and the steps of
// dispatch that every server has; the data engine and the sentinel each contain one. Those commands stand in the
// folders below, written against Call. They know nothing of data: a server with a Call of its own, which contains this
// one, lifts them into its table.
//
// Nothing has a lock of its own: every field is guarded by the Front's, which the data server calls the engine lock.
// What the network owns (socket, unsent bytes, query buffer) is reached through Link, whose methods may be called from
// any goroutine. Start reading at Client, then Front.
package session
