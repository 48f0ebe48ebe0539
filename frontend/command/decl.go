package command

// A Decl is a Spec as NewTable completed it: what every table's entries have in common, whatever their handlers.
// Access control and the COMMAND replies work on it.
type Decl struct {
	// ID is dense over the commands and subcommands of a table, for statistics and bit sets. It stands here with what
	// else every call reads, so that a call touches two cache lines of a large struct.
	ID int
	// FirstKey is the index of the only key of a command whose calls all have exactly one, at the same place; else 0.
	FirstKey int
	// OnlyKey says that access control has nothing to ask for but FirstKey, used in the way of FirstKeyUse: the call
	// names no channel and no database.
	OnlyKey     bool
	FirstKeyUse KeyFlag
	// Subs are a container's subcommands by name, else empty; Parent is a subcommand's container, else nil.
	Subs   []*Decl
	Spec   // with MovableKeys set in Flags where it applies, and Categories complete
	Parent *Decl
	// FullName is the name, for a subcommand after its container's: "client|list".
	FullName string
	// Legacy is the first key, the last (negative from the end) and the step, of old clients; see MovableKeys.
	Legacy struct{ First, Last, Step int }

	subs nameIndex
}

// ArityOK reports whether a call of n words, names included, has as many as the command takes.
func (d *Decl) ArityOK(n int) bool {
	if d.Arity >= 0 {
		return n == d.Arity
	}
	return n >= -d.Arity
}

// IsContainer reports whether the command has subcommands.
func (d *Decl) IsContainer() bool { return len(d.Subs) > 0 }

// HasKeys reports whether a call can name keys.
func (d *Decl) HasKeys() bool {
	if d.FindKeys != nil {
		return true
	}
	for i := range d.Keys {
		if d.Keys[i].Flags&NotKey == 0 {
			return true
		}
	}
	return false
}

// complete derives what a Spec leaves out.
func (d *Decl) complete(container bool) {
	d.Categories = deriveCategories(&d.Spec, container)
	d.deriveLegacy()
	if len(d.Keys) == 1 {
		k := &d.Keys[0]
		if k.Begin == BeginIndex && k.Find == FindRange && k.LastKey == 0 && k.Flags&(NotKey|Incomplete) == 0 {
			d.FirstKey, d.FirstKeyUse = k.Index, k.Flags
			d.OnlyKey = d.FindKeys == nil && d.Channels == NoChannels && !d.Databases.Any() && !d.Flags.Has(AllDBs)
		}
	}
}

// deriveLegacy makes one range of the key specs for clients that know nothing else: a single range as it is, else
// those that follow each other in steps of one. Whatever does not fit makes the command's keys movable.
func (d *Decl) deriveLegacy() {
	if len(d.Keys) == 1 && d.Keys[0].isPlainRange() {
		k := &d.Keys[0]
		d.Legacy.First, d.Legacy.Last, d.Legacy.Step = k.Index, k.absoluteLast(), k.Step
		if k.Flags&Incomplete != 0 {
			d.Flags |= MovableKeys
		}
		return
	}
	for i := range d.Keys {
		k := &d.Keys[i]
		follows := d.Legacy.First == 0 || d.Legacy.Last == k.Index-1
		if k.Flags&Incomplete != 0 || !k.isPlainRange() || k.Step != 1 || !follows {
			d.Flags |= MovableKeys
		}
		if !k.isPlainRange() || k.Step != 1 || !follows {
			continue
		}
		if d.Legacy.First == 0 {
			d.Legacy.First, d.Legacy.Step = k.Index, 1
		}
		d.Legacy.Last = k.absoluteLast()
	}
}

func (k *KeySpec) isPlainRange() bool { return k.Begin == BeginIndex && k.Find == FindRange }

// absoluteLast is LastKey counted from the command's name; from the end it stays as it is.
func (k *KeySpec) absoluteLast() int {
	if k.LastKey >= 0 {
		return k.Index + k.LastKey
	}
	return k.LastKey
}
