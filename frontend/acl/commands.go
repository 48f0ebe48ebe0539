package acl

import (
	"iter"

	"valkey/frontend/command"
)

// Commands are what rules speak of: all commands of a server by their declared names, whatever rename-command has made
// of them. The zero value knows none.
type Commands struct {
	byName map[string]*command.Decl
	words  int // of a bit set over their IDs
}

// NewCommands makes it of a table's declarations (command.Table.All).
func NewCommands(all iter.Seq[*command.Decl]) *Commands {
	c := &Commands{byName: make(map[string]*command.Decl)}
	top := -1
	for d := range all {
		c.byName[d.FullName] = d
		top = max(top, d.ID)
	}
	c.words = top/bitsPerWord + 1
	return c
}

// find gives a command or subcommand ("client|list") by its full name in lower case, or nil.
func (c *Commands) find(fullName string) *command.Decl { return c.byName[fullName] }

// bitset is a set of command IDs.
type bitset []uint64

const bitsPerWord = 64

func (b bitset) has(id int) bool { return b[id/bitsPerWord]&(1<<(id%bitsPerWord)) != 0 }

func (b bitset) set(id int, on bool) {
	if on {
		b[id/bitsPerWord] |= 1 << (id % bitsPerWord)
	} else {
		b[id/bitsPerWord] &^= 1 << (id % bitsPerWord)
	}
}

func (b bitset) fill(on bool) {
	var word uint64
	if on {
		word = ^word
	}
	for i := range b {
		b[i] = word
	}
}
