// Package interop puts a real Valkey 9.1 or a real Redis 7.0 on the other end of what this repository's server reads
// and writes: replication links, data files, append-only folders, dumped keys. It also plays the operators' drills: a
// migration, a rolling upgrade, a backup brought back.
//
// Its tests carry the build tag compat and run by `make compat VALKEY=<folder>`; REDIS=<folder> names a Redis that is
// not on PATH. What is not installed is skipped loudly.
package interop
