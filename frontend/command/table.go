package command

import (
	"cmp"
	"fmt"
	"slices"
)

// An Entry is a declared command in a Table, with its handler.
type Entry[H any] struct {
	Run H
	Decl
}

// A Table is all commands of a server: the declarations, and what runs each.
type Table[H any] struct {
	Catalog
	entries []Entry[H] // by ID
}

// NewTable makes a table of a server's families. It panics if a declaration is wrong: see Spec.Check and CheckNames.
func NewTable[H any](families ...[]Command[H]) *Table[H] {
	all := slices.Clone(slices.Concat(families...))
	sortByName(all)
	size := len(all)
	for i := range all {
		size += len(all[i].Sub)
	}
	t := &Table[H]{entries: make([]Entry[H], 0, size)}
	for i := range all {
		parent := t.add(&all[i], nil)
		if t.index.has(parent.Name) {
			panic(fmt.Sprintf("BUG: command: %s is declared twice", parent.Name))
		}
		t.top = append(t.top, parent)
		t.index.add(parent.Name, int32(parent.ID))
		subs := slices.Clone(all[i].Sub)
		sortByName(subs)
		for j := range subs {
			sub := t.add(&subs[j], parent)
			if parent.subs.has(sub.Name) {
				panic(fmt.Sprintf("BUG: command: %s is declared twice", sub.FullName))
			}
			parent.Subs = append(parent.Subs, sub)
			parent.subs.add(sub.Name, int32(sub.ID))
		}
	}
	return t
}

func sortByName[H any](c []Command[H]) {
	slices.SortFunc(c, func(a, b Command[H]) int { return cmp.Compare(a.Name, b.Name) })
}

// add appends an entry; the capacity that NewTable gave keeps the addresses of all of them.
func (t *Table[H]) add(c *Command[H], parent *Decl) *Decl {
	t.entries = append(t.entries, Entry[H]{Run: c.Run, Decl: Decl{Spec: c.Spec, FullName: c.Name, Parent: parent}})
	d := &t.entries[len(t.entries)-1].Decl
	d.ID = len(t.entries) - 1
	t.decls = append(t.decls, d)
	if parent != nil {
		d.FullName = parent.Name + "|" + c.Name
		if len(c.Sub) > 0 {
			panic(fmt.Sprintf("BUG: command: %s: subcommands do not nest", d.FullName))
		}
	}
	if err := c.Spec.Check(); err != nil {
		panic(fmt.Sprintf("BUG: command: %s: %v", d.FullName, err))
	}
	d.complete(len(c.Sub) > 0)
	return d
}

// Lookup is Catalog.Find with what runs the command.
func (t *Table[H]) Lookup(argv [][]byte) (e *Entry[H], ok bool) {
	id, ok := t.find(argv)
	if id < 0 {
		return nil, false
	}
	return &t.entries[id], ok
}
