// Package clients holds the commands about the client's own connection and about those of others: PING, ECHO, AUTH,
// HELLO, QUIT, the container CLIENT, and COMMAND, with which a client learns what it may send.
//
// They know nothing of data: every server has them, a sentinel those whose flags say so. Where a client's state has
// rules of its own (who may be killed, what a pause holds back, what a wait ends with), session.Front and its owner
// keep them; the commands here only read words and call it.
//
// Start reading at Commands.
package clients
