package engine

import "valkey/frontend/command"

// Handler runs a command. It writes exactly one reply and returns nil, or writes nothing and returns an error, which
// the engine writes and counts. It never locks, logs, reads the clock or keeps an argument.
type Handler = func(*Call) error

// Command is a declaration with its handler.
type Command = command.Command[Handler]

// Entry is a command in the table.
type Entry = command.Entry[Handler]

// Table is the table of all commands.
type Table = command.Table[Handler]
