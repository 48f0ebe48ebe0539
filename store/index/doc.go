// Package index is a hash table of references into a mem.Arena: the keys of a database, its volatile keys, and later
// the members of big hashes and sets.
//
// It is a linear hash table. It grows and shrinks by one bucket at a time, so no operation ever pays for a rehash. A
// bucket is one cache line: ten references of 40 bits, ten tags of 8 bits of the hash, a count; when it overflows,
// its last slot refers to a further bucket.
//
// The index knows nothing of what it refers to but the 64-bit hash: a caller probes for candidates and compares keys
// itself, and gives a function that computes an entry's hash anew when a bucket is split or merged.
//
// # The order of a scan
//
// With 2^d buckets, bucket b holds the hashes whose low d bits are b. Read a hash's bits in reverse, and every
// bucket, of whatever d, is one interval of the reversed hashes; splitting a bucket halves its interval. A cursor is
// a hash prefix whose reverse divides the hashes: an element was visited if and only if its reversed hash lies below
// the reversed cursor (Visited). That holds while the table grows and shrinks, so an element that is there during a
// whole scan is returned at least once; one may be returned again when a merge has joined a visited bucket with the
// next. Snapshots rest on this too.
//
// An Index belongs to one goroutine at a time. A reader starts with index.go, then split.go and scan.go.
package index
