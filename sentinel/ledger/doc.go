// Package ledger is what a group of sentinels has agreed about the primaries that they watch: a deterministic state
// machine on top of a replicated log.
//
// Every sentinel applies the same entries in the same order (Ledger.Apply) and so holds the same ledger: whose
// address answers for a name, who watches it, who reports it down, and which step a failover has reached. Nothing here
// knows a socket, a clock or a file; the time of an entry is the proposer's and is only told, never compared.
//
// What an entry holds. A version, then records (see Record), each about one primary as a (name, incarnation): the
// index of the entry that opened it. Records of one entry are applied in order; the first that is refused ends the
// entry, and what came before it stands. An entry that cannot be read as a whole (damaged, or of a newer version)
// changes nothing, on any sentinel.
//
// The life of a failover:
//
//	Watch -> Report ... -> Down -> Intent -> Candidate -> [Fallback] -> Promoted -> End
//	                                 \________ Abort ________/
//
// Intent names the driver and gives it a fence, the entry's index. Only the driver, showing that fence, moves the
// failover on; a Takeover by another sentinel raises the fence, and from then on the first one is refused. The address
// of a primary changes in two places only: in Promoted, to the candidate that an earlier entry named, and in Watch,
// when a sentinel joins with a configuration that a failover outside the group made newer.
//
// Lineage, Watch, Unwatch and Forget come at any time. The histories that Lineage names are what a candidate's data is
// judged by.
//
// The chain. Hash covers every entry and its outcome, so that two ledgers with the same index and another hash have
// diverged; they never do.
//
// Start reading at Ledger.Apply, then Record.
package ledger
