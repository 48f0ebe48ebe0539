// Package link keeps a sentinel's connections to the instances that it watches and to the other sentinels: it opens
// and closes them as it is told, sends what it is given, and tells what came back. It decides nothing.
//
// # What it promises
//
//   - Nothing that the owner calls waits: not for a name to be resolved, not for a connection, not for a peer that does
//     not read.
//   - Commands go out at once, however many replies are still to come, so that a PING never waits for INFO's reply to
//     arrive; replies come back in order, each with the number of its command.
//   - What a connection costs is bounded: in bytes to be sent, in replies outstanding, in the size of a reply. One that
//     exceeds a limit is closed, and that is told like any other end.
//   - Once Close has returned no goroutine is left.
//
// A connection belongs to one of two kinds. One carries commands; the other is subscribed to the hello channel and
// carries messages in, and ends if the subscription, its last command of the setup, is refused. An instance has both
// under one number, which the owner gives; another sentinel has commands only, one connection however many primaries it
// watches too.
//
// Links belongs to one owner, whose calls never overlap. Events come on a channel that the owner drains; while it is
// full connections stop reading, so that a slow owner slows its peers down and nothing is lost.
//
// # Where to start
//
// links.go is the owner's side, conn.go one connection. docs/adr/0011-sentinel-links.md says why no client library is
// used.
package link
