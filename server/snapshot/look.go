package snapshot

import (
	"bytes"
	"fmt"
	"io"

	"valkey/store/rdb"
)

// EmptyStart is a field, "1", in the head of a snapshot by a server that started without data and has copied no other:
// whatever it holds by now, what it held before is lost.
const EmptyStart = "repl-empty-start"

// Look reads the beginning of a snapshot, as far as it takes to know whether its writer has lost its data: there is no
// key, or the head says so. The reader that it returns gives the whole snapshot. A beginning of lookBytes without a key
// holds functions, and a server that has so many of them in a file has not lost the file. An error says that the
// snapshot ended, or made no sense, before that was known.
func Look(r io.Reader) (whole io.Reader, lost bool, err error) {
	var head bytes.Buffer
	// What the version is, and what the values are, is for the load to judge.
	in := rdb.NewReader(io.TeeReader(io.LimitReader(r, lookBytes), &head),
		rdb.ReadOptions{Relaxed: true, IgnoreChecksum: true, WalkOnly: true})
	for keys := false; !keys && !lost; {
		it, err := in.Next()
		switch {
		case in.Ended():
			lost = true
		case err != nil && head.Len() == lookBytes:
			keys = true
		case err != nil:
			return nil, false, fmt.Errorf("snapshot: look at its beginning: %w", err)
		case it.Kind == rdb.ItemAux:
			lost = string(it.Name) == EmptyStart && string(it.Text) == "1"
		default:
			keys = it.Kind == rdb.ItemKey || it.Kind == rdb.ItemResizeDB && it.Keys > 0
		}
	}
	return io.MultiReader(&head, r), lost, nil
}
