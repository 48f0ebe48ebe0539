package command

import "valkey/frontend/resp"

// WriteAll writes the reply of COMMAND: every command of the table, with its subcommands inside.
func (c *Catalog) WriteAll(w *resp.Writer) {
	w.Array(len(c.top))
	for _, d := range c.top {
		d.WriteInfo(w)
	}
}

// WriteInfos writes the reply of COMMAND INFO: one element a name, null where there is no such command; with no
// names all commands.
func (c *Catalog) WriteInfos(w *resp.Writer, names [][]byte) {
	if len(names) == 0 {
		c.WriteAll(w)
		return
	}
	w.Array(len(names))
	for _, name := range names {
		if e := c.ByFullName(name); e != nil {
			e.WriteInfo(w)
		} else {
			w.Null()
		}
	}
}

// WriteInfo writes one command as COMMAND INFO has it.
func (d *Decl) WriteInfo(w *resp.Writer) {
	w.Array(10)
	w.BulkString(d.FullName)
	w.Int(int64(d.Arity))
	writeNames(w, uint64(d.Flags), flagNames, "")
	w.Int(int64(d.Legacy.First))
	w.Int(int64(d.Legacy.Last))
	w.Int(int64(d.Legacy.Step))
	writeNames(w, uint64(d.Categories), categoryNames, "@")
	w.Set(len(d.Tips))
	for _, tip := range d.Tips {
		w.BulkString(tip)
	}
	w.Set(len(d.Keys))
	for i := range d.Keys {
		d.Keys[i].writeInfo(w)
	}
	w.Array(len(d.Subs))
	for _, sub := range d.Subs {
		sub.WriteInfo(w)
	}
}

// writeNames writes the set of the names of those bits that have one.
func writeNames(w *resp.Writer, set uint64, names []string, prefix string) {
	n := 0
	for bit := range names {
		n += int(set >> bit & 1)
	}
	w.Set(n)
	for bit, name := range names {
		if set>>bit&1 != 0 {
			w.Simple(prefix + name)
		}
	}
}

func (k *KeySpec) writeInfo(w *resp.Writer) {
	fields := 3
	if k.Notes != "" {
		fields++
	}
	w.Map(fields)
	if k.Notes != "" {
		w.BulkString("notes")
		w.BulkString(k.Notes)
	}
	w.BulkString("flags")
	writeNames(w, uint64(k.Flags), keyFlagNames, "")

	w.BulkString("begin_search")
	switch k.Begin {
	case BeginIndex:
		writeRule(w, "index", 1)
		writeNumber(w, "index", k.Index)
	case BeginKeyword:
		writeRule(w, "keyword", 2)
		w.BulkString("keyword")
		w.BulkString(k.Keyword)
		writeNumber(w, "startfrom", k.StartFrom)
	default:
		writeRule(w, "unknown", 0)
	}

	w.BulkString("find_keys")
	switch k.Find {
	case FindRange:
		writeRule(w, "range", 3)
		writeNumber(w, "lastkey", k.LastKey)
		writeNumber(w, "keystep", k.Step)
		writeNumber(w, "limit", k.MaxFraction)
	case FindKeyNum:
		writeRule(w, "keynum", 3)
		writeNumber(w, "keynumidx", k.NumIndex)
		writeNumber(w, "firstkey", k.FirstKey)
		writeNumber(w, "keystep", k.Step)
	default:
		writeRule(w, "unknown", 0)
	}
}

// writeRule opens the map of one half of a key spec; its parameters follow.
func writeRule(w *resp.Writer, kind string, parameters int) {
	w.Map(2)
	w.BulkString("type")
	w.BulkString(kind)
	w.BulkString("spec")
	w.Map(parameters)
}

func writeNumber(w *resp.Writer, name string, n int) {
	w.BulkString(name)
	w.Int(int64(n))
}
