// Package link is a replica's connection to its primary: it introduces the replica, asks to go on where it left off or
// for a copy of everything, takes the copy, and then hands over the stream of commands, as it comes.
//
// It knows nothing of the data. What becomes of a copy and of the stream is the Follower's, which is the server.
// Handshake is a pure state machine of what both sides say; Run drives one over a connection, and ends with the
// connection: trying again is the caller's. Two goroutines work on a connection: Run's reads, and writes until the copy
// begins; from then on keep writes signs of life and acknowledgements. Where the copy comes over a second connection,
// Run's goroutine reads that, and one more takes what comes over the first meanwhile.
//
// Start reading at Run, then Handshake.
package link
