// Package scripts runs the programs that operators have a sentinel call: notifications and the reconfiguration of
// clients.
//
// # What it promises
//
//   - At most 16 run at a time and at most 256 are in the queue; the oldest that does not run makes room for a new one.
//   - One that ends with 0 is done. One that ends with 1 or by a signal is tried again, ten times in all, with a delay
//     that doubles. Any other end is final, and told as an error.
//   - One that takes too long is told and killed, which counts as an end by a signal.
//   - A script gets exactly the words it was queued with, the sentinel's environment and working folder, and no open
//     file but the standard three.
//
// A Queue belongs to one goroutine, which wakes it at its Deadline and hands it the ends of scripts. Scripts that run
// when the sentinel ends run on.
//
// queue.go is the queue, process.go what runs a program.
package scripts
