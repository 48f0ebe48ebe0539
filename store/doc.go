// Package store is the data: databases of keys and values with expiry and eviction, in memory that the garbage
// collector does not see.
//
// It is pure: no goroutine, socket, file, clock or global random number. The time of a batch is set with SetClock,
// deadlines are compared with the `now` that a method is given, and random choices come from a seeded generator. It
// makes no decision that the wire can see other than what its methods say: expired keys are found, not hidden (Find
// is raw), and deleting, propagating and notifying are the engine's.
//
// The data set of one moment, while writing goes on, is a Cut (cut.go); every write to an entry passes the door that
// serves it (door.go).
//
// A Store, its databases and its entries belong to one goroutine at a time; only Prefault, and readers of Pinned
// bytes, may run beside it. An Entry, and every slice taken from it, is good until the next write to the store.
//
// Start with store.go (the store), db.go (a database's operations) and entry.go (how a key and its value lie in
// memory); DESIGN.md says why.
package store
