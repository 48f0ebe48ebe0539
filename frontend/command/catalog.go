package command

import (
	"errors"
	"slices"
	"strings"
)

// A Catalog is the declarations of a server's commands, whatever runs them: what COMMAND and ACL show.
type Catalog struct {
	decls []*Decl // by ID: the commands by name, each followed by its subcommands by name
	top   []*Decl // the commands by name
	index nameIndex
}

// find gives the ID of a call's command, in any case, or of its subcommand if it is a container. Without regard to
// arity it returns: -1 for an unknown command (or an empty call); a container with false if argv[1] is none of its
// subcommands; else what is to run and true, which for a container's bare name is the container itself.
func (c *Catalog) find(argv [][]byte) (id int32, ok bool) {
	if len(argv) == 0 {
		return -1, false
	}
	id = c.index.find(argv[0])
	if id < 0 {
		return id, false
	}
	d := c.decls[id]
	if len(d.Subs) == 0 || len(argv) == 1 {
		return id, true
	}
	if sub := d.subs.find(argv[1]); sub >= 0 {
		return sub, true
	}
	return id, false
}

// Find finds the command of a call, in any case, and its subcommand if it is a container. It returns nil for an unknown
// command, and a container with false if argv[1] is none of its subcommands; arity does not matter.
func (c *Catalog) Find(argv [][]byte) (d *Decl, ok bool) {
	id, ok := c.find(argv)
	if id < 0 {
		return nil, false
	}
	return c.decls[id], ok
}

// ByFullName finds a command or subcommand ("client|list") by its full name, in any case; nil if there is none.
func (c *Catalog) ByFullName(name []byte) *Decl {
	var argv [2][]byte
	n := 0
	for part := range strings.SplitSeq(string(name), "|") {
		if n == len(argv) {
			return nil
		}
		argv[n] = []byte(part)
		n++
	}
	d, ok := c.Find(argv[:n])
	if !ok || (n == 2) != (d.Parent != nil) {
		return nil
	}
	return d
}

// Len is the number of commands and subcommands: one more than the largest ID.
func (c *Catalog) Len() int { return len(c.decls) }

// Decl returns the command or subcommand with an ID.
func (c *Catalog) Decl(id int) *Decl { return c.decls[id] }

// Commands lists the commands by name, without subcommands: those are in Decl.Subs.
func (c *Catalog) Commands() []*Decl { return c.top }

// All yields every command and subcommand by ID, renamed and removed ones included.
func (c *Catalog) All(yield func(*Decl) bool) {
	for _, d := range c.decls {
		if !yield(d) {
			return
		}
	}
}

// Rename lets a command be called by another name only, and not at all if that is empty. Its replies keep the
// declared name. It belongs to the start of a server, before the table is shared.
func (c *Catalog) Rename(from, to string) error {
	id := c.index.find([]byte(from))
	if id < 0 {
		return ErrNoSuchCommand
	}
	if to != "" && c.index.has(to) {
		return ErrNameTaken
	}
	c.index.remove(from)
	if to == "" {
		d := c.decls[id]
		c.top = slices.DeleteFunc(c.top, func(o *Decl) bool { return o == d })
		return nil
	}
	c.index.add(to, id)
	return nil
}

// The reasons of Rename to refuse.
var (
	// ErrNoSuchCommand means that the table has no command of the old name.
	ErrNoSuchCommand = errors.New("command: no such command")
	// ErrNameTaken means that another command has the new name.
	ErrNameTaken = errors.New("command: name already exists")
)
