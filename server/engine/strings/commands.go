// Package strings holds the commands on string values.
//
// Each file is a command or a tight group: its declaration, then its handler. Options that several commands share are
// in options.go, numbers with a fraction in decimal.go. Start reading at set.go, which has everything that the others
// have a part of.
package strings

import "valkey/server/engine"

// Commands is the family.
var Commands = []engine.Command{
	Append, Decr, DecrBy, DelIfEq, Get, GetDel, GetEx, GetRange, GetSet, Incr, IncrBy, IncrByFloat, LCS, MGet, MSet,
	MSetEx, MSetNX, PSetEx, Set, SetEx, SetNX, SetRange, StrLen, Substr,
}
