package command

import "valkey/frontend/resp"

// WriteDocs writes the reply of COMMAND DOCS: a map from name to documentation, of the given commands as far as they
// exist; with no names of all commands.
func (c *Catalog) WriteDocs(w *resp.Writer, names [][]byte) {
	if len(names) == 0 {
		w.Map(len(c.top))
		for _, d := range c.top {
			d.writeNamedDocs(w)
		}
		return
	}
	m, found := w.Later(), 0
	for _, name := range names {
		if e := c.ByFullName(name); e != nil {
			e.writeNamedDocs(w)
			found++
		}
	}
	w.EndMap(m, found)
}

func (d *Decl) writeNamedDocs(w *resp.Writer) {
	w.BulkString(d.FullName)
	d.WriteDocs(w)
}

// WriteDocs writes one command as COMMAND DOCS has it.
func (d *Decl) WriteDocs(w *resp.Writer) {
	m := mapWriter{w: w, mark: w.Later()}
	m.text("summary", d.Summary)
	m.text("since", d.Since)
	m.text("group", d.Group.String())
	m.text("complexity", d.Complexity)
	if d.DocFlags != 0 {
		m.key("doc_flags")
		writeNames(w, uint64(d.DocFlags), docFlagNames, "")
	}
	m.text("deprecated_since", d.DeprecatedSince)
	m.text("replaced_by", d.ReplacedBy)
	if len(d.History) > 0 {
		m.key("history")
		w.Set(len(d.History))
		for _, c := range d.History {
			w.Array(2)
			w.BulkString(c.Version)
			w.BulkString(c.Text)
		}
	}
	if len(d.Args) > 0 {
		m.key("arguments")
		writeArgs(w, d.Args)
	}
	if len(d.Subs) > 0 {
		m.key("subcommands")
		w.Map(len(d.Subs))
		for _, sub := range d.Subs {
			sub.writeNamedDocs(w)
		}
	}
	m.end()
}

func writeArgs(w *resp.Writer, args []Arg) {
	w.Array(len(args))
	for i := range args {
		args[i].writeDocs(w)
	}
}

func (a *Arg) writeDocs(w *resp.Writer) {
	parent := a.Type == ArgOneOf || a.Type == ArgBlock
	m := mapWriter{w: w, mark: w.Later()}
	m.text("name", a.Name)
	m.text("type", a.Type.String())
	if !parent {
		display := a.Display
		if display == "" {
			display = a.Name
		}
		m.text("display_text", display)
	}
	if a.KeySpec != NoKeySpec {
		m.key("key_spec_index")
		w.Int(int64(a.KeySpec))
	}
	if a.Token != "" || a.Type == ArgToken {
		m.key("token")
		w.BulkString(a.Token)
	}
	m.text("summary", a.Summary)
	m.text("since", a.Since)
	m.text("deprecated_since", a.DeprecatedSince)
	if flags := a.flags(); flags != 0 {
		m.key("flags")
		writeNames(w, flags, argFlagNames, "")
	}
	if parent {
		m.key("arguments")
		writeArgs(w, a.Args)
	}
	m.end()
}

var argFlagNames = []string{"optional", "multiple", "multiple_token"}

// flags are the argument's properties as bits in the order of argFlagNames.
func (a *Arg) flags() (set uint64) {
	for bit, on := range [...]bool{a.Optional, a.Multiple, a.MultipleToken} {
		if on {
			set |= 1 << bit
		}
	}
	return set
}

// A mapWriter counts the fields of a map that leaves out what is empty.
type mapWriter struct {
	w      *resp.Writer
	mark   resp.Mark
	fields int
}

func (m *mapWriter) key(name string) {
	m.w.BulkString(name)
	m.fields++
}

func (m *mapWriter) text(name, value string) {
	if value != "" {
		m.key(name)
		m.w.BulkString(value)
	}
}

func (m *mapWriter) end() { m.w.EndMap(m.mark, m.fields) }
