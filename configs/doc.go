// Package configs holds every directive of the data server and of the sentinel: its typed value, its default, its
// limits, and how it is read from a file, the command line or CONFIG SET, shown by CONFIG GET and written back by
// CONFIG REWRITE.
//
// # What it promises
//
//   - One row of one table declares a directive ([Directives]); nothing about it is written down twice. The sample file
//     valkey.conf and the table are held equal by a test.
//   - A [Config] is always valid: a bad file or argument list gives an error and no Config, a bad CONFIG SET changes
//     nothing. A hot change that cannot be applied is rolled back whole.
//   - A rewritten file is complete or absent: power lost in the middle leaves the old file.
//   - Names, limits and error texts are Valkey's, byte for byte; a directive that has no meaning here is accepted,
//     kept, shown, and carries the reason ([Directive.Inert]).
//
// Nothing here locks. The values are read and changed by their owner, the engine, under its lock.
//
// # Where to start
//
// server.go is the struct of values. directive.go says what a row is; the rows stand in table_*.go by topic. load.go
// reads files and arguments, set.go serves CONFIG GET and SET, rewrite.go CONFIG REWRITE.
//
// A sentinel's file has the same directives and lines that begin with the word sentinel. sentinel.go is the struct of
// what those say, settings and state alike; sentinel_table.go has their rows. No rewrite adds a line that a stock
// sentinel would refuse: a setting of our own stays in the file only where the user wrote it.
package configs
