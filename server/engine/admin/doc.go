// Package admin holds the commands for operators: CONFIG, the command logs, LATENCY, MEMORY, MONITOR,
// SHUTDOWN, and the small ones beside them. INFO and DEBUG have packages of their own.
//
// Replies are Valkey's to the byte where programs read them; what is prose for people (DOCTOR, HELP) is our own,
// with the same figures in it. Start reading at Commands.
package admin

import "valkey/server/engine"

// Commands lists the family.
var Commands = []engine.Command{
	CommandLog, Config, Latency, LolWut, Memory, Monitor, Shutdown, SlowLog, Time,
}
