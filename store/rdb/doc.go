// Package rdb is the file format: a data set as bytes, to disk and to replicas, and a single value as DUMP shows it.
//
// Writing has two halves, because only the first may hold the engine's lock. A Draft notes what is to be written, with
// nothing dearer than copying bytes. A Sealer turns drafts into the format later: lengths, numbers, compression,
// checksum. A Reader takes a stream apart into Items, and an Item puts its key into a database.
//
// Nothing that is read is believed: a length never decides an allocation before as many bytes have come, and what is
// wrong is a *CorruptError with its offset. The package is pure: it writes to an io.Writer and reads from an io.Reader
// that it is given, and starts nothing.
//
// Start with format.go (the words of the format), draft.go and sealer.go (writing), reader.go (reading), and value.go,
// the one place where a type of value adds its form. DESIGN.md says why.
package rdb
