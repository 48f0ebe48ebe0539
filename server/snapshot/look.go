package snapshot

import (
	"bytes"
	"fmt"
	"io"

	"valkey/store/rdb"
)

// Look reads the beginning of a snapshot, as far as it takes to know whether there are keys in it. The reader that it
// returns gives the whole snapshot. A beginning of lookBytes without a key holds functions, and a server that has so
// many of them in a file has not lost the file: it counts as one with keys. An error says that the snapshot ended, or
// made no sense, before that was known.
func Look(r io.Reader) (whole io.Reader, keys bool, err error) {
	var head bytes.Buffer
	// What the version is, and what the values are, is for the load to judge.
	in := rdb.NewReader(io.TeeReader(io.LimitReader(r, lookBytes), &head),
		rdb.ReadOptions{Relaxed: true, IgnoreChecksum: true, WalkOnly: true})
	for !keys {
		it, err := in.Next()
		switch {
		case in.Ended():
			return io.MultiReader(&head, r), false, nil
		case err != nil && head.Len() == lookBytes:
			keys = true
		case err != nil:
			return nil, false, fmt.Errorf("snapshot: look at its beginning: %w", err)
		default:
			keys = it.Kind == rdb.ItemKey || it.Kind == rdb.ItemResizeDB && it.Keys > 0
		}
	}
	return io.MultiReader(&head, r), true, nil
}
