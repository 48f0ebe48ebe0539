// Package command declares what a command is, apart from what it does: its name, arity, flags, access-control
// categories, the places of its keys, its argument grammar and its documentation. A server's families each list
// their commands as Command values, a Spec beside a handler; NewTable makes one Table of them, checks every
// declaration and derives what can be derived (categories, the legacy key range, the movablekeys flag), so that
// nothing is said twice. The replies of the COMMAND family are written from the same table.
//
// The package is generic over the handler's type H: the data server and Sentinel share it with different calls.
//
// Promises: a Table is immutable once its server runs (Rename and Remove are for the start) and safe to read from
// any goroutine. Lookup and AppendKeys (into a slice with room) do not allocate. A wrong declaration panics in
// NewTable, at start; nothing a client sends does.
//
// Start reading at Spec (spec.go), then Table (table.go); the small languages for keys and arguments are in
// keyspec.go and arg.go.
package command
