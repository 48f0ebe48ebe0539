package command

import "valkey/frontend/resp"

// WriteList writes the reply of COMMAND LIST: the full names of the commands and subcommands that keep accepts, or of
// all if it is nil.
func (c *Catalog) WriteList(w *resp.Writer, keep func(d *Decl) bool) {
	m, n := w.Later(), 0
	for i := range c.top {
		n += c.top[i].writeNames(w, keep)
	}
	w.EndArray(m, n)
}

func (d *Decl) writeNames(w *resp.Writer, keep func(d *Decl) bool) (n int) {
	if keep == nil || keep(d) {
		w.BulkString(d.FullName)
		n++
	}
	for _, sub := range d.Subs {
		n += sub.writeNames(w, keep)
	}
	return n
}

// Help is the text of COMMAND HELP, in the form that the server's help replies share: a call, then its description
// indented by four blanks.
func Help() []string {
	return []string{
		"(no subcommand)",
		"    Describe all commands.",
		"COUNT",
		"    Return how many commands there are.",
		"LIST [FILTERBY (MODULE <module-name>|ACLCAT <category>|PATTERN <pattern>)]",
		"    List the names of the commands that pass the filter, or of all.",
		"INFO [<command-name> ...]",
		"    Describe the given commands, or all.",
		"DOCS [<command-name> ...]",
		"    Document the given commands, or all.",
		"GETKEYS <full-command>",
		"    Find the keys in a call.",
		"GETKEYSANDFLAGS <full-command>",
		"    Find the keys in a call, and what would be done with them.",
	}
}
