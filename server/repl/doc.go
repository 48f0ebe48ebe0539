// Package repl is the replication stream as a server keeps it: the identity of its history, the offset, and the
// backlog, a chain of blocks that all replicas read from without copies of their own.
//
// History is guarded by the engine lock. A Reader belongs to the loop of the connection that it feeds and takes no
// lock: it sees what is appended through the atomic fields of the blocks. Start reading at History; DESIGN.md says why
// it is made so.
package repl
