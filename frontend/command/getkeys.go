package command

import (
	"errors"

	"valkey/frontend/resp"
)

// The reasons of WriteKeys to refuse a call, beside ErrNoSuchCommand and ErrKeys.
var (
	// ErrNoKeys means that calls of the command never name keys.
	ErrNoKeys = errors.New("command: has no key arguments")
	// ErrArity means that the call has more or fewer words than the command takes.
	ErrArity = errors.New("command: wrong number of arguments")
)

// WriteKeys writes the reply of COMMAND GETKEYS for a call, or of COMMAND GETKEYSANDFLAGS if flags is set. On an
// error it writes nothing.
func (c *Catalog) WriteKeys(w *resp.Writer, argv [][]byte, flags bool) error {
	d, ok := c.Find(argv)
	switch {
	case !ok:
		return ErrNoSuchCommand
	case !d.HasKeys():
		return ErrNoKeys
	case !d.ArityOK(len(argv)):
		return ErrArity
	}
	keys, err := d.AppendKeys(argv, nil)
	if err != nil || len(keys) == 0 && !d.Flags.Has(NoMandatoryKeys) {
		return ErrKeys
	}
	w.Array(len(keys))
	for _, k := range keys {
		if flags {
			w.Array(2)
		}
		w.Bulk(argv[k.Index])
		if flags {
			writeNames(w, uint64(k.Flags), keyFlagNames, "")
		}
	}
	return nil
}
