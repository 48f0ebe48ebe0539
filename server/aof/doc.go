// Package aof is the append-only file: every effect of every command in a log that rebuilds the data set at the start.
//
// The log is a folder of parts and a manifest that names them: at most one base (a snapshot, or commands), then the
// increments in order, the last of which is being written. A rewrite replaces all of them by a new base and one new
// increment. DESIGN.md tells what survives what.
//
// Start with [Log]: [Log.Append] takes effects under the engine lock and does nothing but copy them; [Log.Commit]
// writes them outside of it, before any reply leaves that tells of them. [Rewrite] is one exchange of the parts,
// [Reader] takes commands out of a part, [Manifest] is the list. [Check] is what the program valkey-check-aof does.
//
// What is promised: with [Always] no Commit returns before what was appended before it is on the disk; with [Everysec]
// what is older than about a second is on the disk, two when the disk is slow; with [Never] the kernel decides. A write
// that fails leaves no half command behind if the disk lets itself be asked, and is tried again.
package aof
