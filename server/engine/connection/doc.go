// Package connection holds the commands about the client's own connection and about those of others: PING, AUTH,
// HELLO, SELECT, RESET, QUIT and the container CLIENT.
//
// They change nothing of the data set. Where a client's state has rules of its own (who may be killed, what a pause
// holds back, what a wait ends with), the engine keeps them; the commands here only read words and call it.
//
// Start reading at Commands.
package connection
