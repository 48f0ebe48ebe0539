package rdb

import (
	"errors"
	"fmt"
)

// CorruptError says that bytes are not what the format promises.
type CorruptError struct {
	Offset int64 // from the beginning of the stream
	Reason string
	Kind   CorruptKind
}

// CorruptKind tells corruptions apart that a log names in words that operators look for.
type CorruptKind uint8

// The kinds of corruption.
const (
	CorruptContent CorruptKind = iota
	CorruptType                // a type or opcode that nobody has
	CorruptChecksum
)

// Error returns reason and offset.
func (e *CorruptError) Error() string {
	return fmt.Sprintf("rdb: corrupt at offset %d: %s", e.Offset, e.Reason)
}

// ForeignError says that the bytes may be sound, but are not for this server: another program's file, a version or an
// opcode of others, a module's data, a type that is not built.
type ForeignError struct {
	Offset int64
	Reason string
	Header bool // the file's first bytes told; nothing of it was taken
	Code   int  // the type or opcode that is not known, if it is that
}

// Error returns the reason.
func (e *ForeignError) Error() string { return "rdb: " + e.Reason }

// Refused reports whether an error came of a file's header, before anything of its content was taken.
func Refused(err error) bool {
	var f *ForeignError
	return errors.As(err, &f) && f.Header
}
