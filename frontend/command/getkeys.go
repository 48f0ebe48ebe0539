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
func (t *Table[H]) WriteKeys(w *resp.Writer, argv [][]byte, flags bool) error {
	e, ok := t.Lookup(argv)
	switch {
	case !ok:
		return ErrNoSuchCommand
	case !e.HasKeys():
		return ErrNoKeys
	case !e.ArityOK(len(argv)):
		return ErrArity
	}
	keys, err := e.AppendKeys(argv, nil)
	if err != nil || len(keys) == 0 && !e.Flags.Has(NoMandatoryKeys) {
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
