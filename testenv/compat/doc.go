// Package compat compares replies: the same script runs on a real Valkey and on this repository's server.
//
// Scripts are the files testdata/*.txt. Each holds commands with the replies of a real Valkey below them, so that they
// replay on a machine that has none:
//
//	# a comment
//	> SET k v
//	OK
//	> [b] SUBSCRIBE ch
//	push: subscribe "ch" 1
//
// A line `> ` is a command of client a, or of the client that stands in brackets; arguments are words or Go strings in
// double quotes. Each script starts with empty databases and new clients. Verbs, which begin with a dot, say how a
// reply that differs from run to run is compared; script.go explains them.
//
// `go test ./testenv/compat` replays what was recorded. VALKEY=<folder> also runs the script on a real Valkey and fails
// when the recording is stale; with -rewrite it records anew. Commit only differences that you understand.
//
// waiting.txt names tests of Valkey's own suite that wait for something not built yet. docs/compat.md is generated from
// it, from commands.txt (facts about every command of Valkey 9.1.2), notes.txt (what is done in part) and the running
// server: see the command gen beside this package.
package compat
