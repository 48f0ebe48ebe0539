package command

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// An Entry is a declared command in a Table, with its handler.
type Entry[H any] struct {
	Run H
	Decl
}

// A Table is all commands of a server.
type Table[H any] struct {
	entries []Entry[H] // by ID: the commands by name, each followed by its subcommands by name
	top     []*Decl    // the commands by name
	index   nameIndex
}

// NewTable makes a table of a server's families. It panics if a declaration is wrong: see Spec.Check and CheckNames.
func NewTable[H any](families ...[]Command[H]) *Table[H] {
	all := slices.Clone(slices.Concat(families...))
	sortByName(all)
	size := len(all)
	for i := range all {
		size += len(all[i].Sub)
	}
	t := &Table[H]{entries: make([]Entry[H], 0, size), top: make([]*Decl, 0, len(all))}
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

// Lookup finds the command of a call, in any case, and its subcommand if it is a container. Without regard to arity
// it returns: nil for an unknown command (or an empty call); a container with false if argv[1] is none of its
// subcommands; else what is to run and true, which for a container's bare name is the container itself.
func (t *Table[H]) Lookup(argv [][]byte) (e *Entry[H], ok bool) {
	if len(argv) == 0 {
		return nil, false
	}
	id := t.index.find(argv[0])
	if id < 0 {
		return nil, false
	}
	e = &t.entries[id]
	if len(e.Subs) == 0 || len(argv) == 1 {
		return e, true
	}
	if id = e.subs.find(argv[1]); id < 0 {
		return e, false
	}
	return &t.entries[id], true
}

// ByFullName finds a command or subcommand ("client|list") by its full name, in any case; nil if there is none.
func (t *Table[H]) ByFullName(name []byte) *Entry[H] {
	var argv [2][]byte
	n := 0
	for part := range strings.SplitSeq(string(name), "|") {
		if n == len(argv) {
			return nil
		}
		argv[n] = []byte(part)
		n++
	}
	e, ok := t.Lookup(argv[:n])
	if !ok || (n == 2) != (e.Parent != nil) {
		return nil
	}
	return e
}

// Len is the number of commands and subcommands: one more than the largest ID.
func (t *Table[H]) Len() int { return len(t.entries) }

// Entry returns the command or subcommand with an ID.
func (t *Table[H]) Entry(id int) *Entry[H] { return &t.entries[id] }

// Commands lists the commands by name, without subcommands: those are in Decl.Subs.
func (t *Table[H]) Commands() []*Decl { return t.top }

// All yields every command and subcommand by ID, renamed and removed ones included.
func (t *Table[H]) All(yield func(*Decl) bool) {
	for i := range t.entries {
		if !yield(&t.entries[i].Decl) {
			return
		}
	}
}

// Rename lets a command be called by another name only, and not at all if that is empty. Its replies keep the
// declared name. It belongs to the start of a server, before the table is shared.
func (t *Table[H]) Rename(from, to string) error {
	id := t.index.find([]byte(from))
	if id < 0 {
		return ErrNoSuchCommand
	}
	if to != "" && t.index.has(to) {
		return ErrNameTaken
	}
	t.index.remove(from)
	if to == "" {
		d := &t.entries[id].Decl
		t.top = slices.DeleteFunc(t.top, func(c *Decl) bool { return c == d })
		return nil
	}
	t.index.add(to, id)
	return nil
}

// The reasons of Rename to refuse.
var (
	// ErrNoSuchCommand means that the table has no command of the old name.
	ErrNoSuchCommand = errors.New("command: no such command")
	// ErrNameTaken means that another command has the new name.
	ErrNameTaken = errors.New("command: name already exists")
)
