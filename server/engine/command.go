package engine

import (
	"valkey/frontend/command"
	"valkey/frontend/session"
)

// Handler runs a command. It writes exactly one reply and returns nil, or writes nothing and returns an error, which
// the engine writes and counts. It never locks, logs, reads the clock or keeps an argument.
type Handler = func(*Call) error

// Command is a declaration with its handler.
type Command = command.Command[Handler]

// Entry is a command in the table.
type Entry = command.Entry[Handler]

// Table is the table of all commands.
type Table = command.Table[Handler]

// Lift makes commands of the engine out of those that know nothing of data.
func Lift(list []session.Command) []Command {
	out := make([]Command, len(list))
	for i, c := range list {
		out[i] = Command{Spec: c.Spec, Sub: Lift(c.Sub)}
		if c.Run != nil {
			out[i].Run = func(of *Call) error { return c.Run(&of.Call) }
		}
	}
	return out
}
