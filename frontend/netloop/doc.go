// Package netloop serves clients' sockets with a few event loops. It is the only place that knows a client's socket.
//
// One Loop is one goroutine with an epoll descriptor of its own. In a round it reads every socket that has data, once
// each, takes all requests out of what it read, hands them to the Handler in one call, and writes the replies. There is
// no goroutine and no system call per request beyond that, and nothing is allocated per request. DESIGN.md says why.
// TLS handshakes are computed beside the loops (shaker.go); what follows them is a loop's (secure.go).
//
// Promises:
//
//   - The requests of a connection are executed in the order in which they came, each once; those behind a Hold wait.
//   - Everything about a connection happens on its own loop, in that loop's goroutine, one thing at a time. The methods
//     that others may call say so.
//   - Closed is called exactly once for every connection that Open accepted, never while Run is running.
//   - A peer cannot make a loop wait, allocate without bound, or starve others: the bounds stand in limits.go.
//
// Linux only. Start reading at Handler, then Loop.cycle.
package netloop
