package aof

import (
	"errors"
	"fmt"
	"io"
	"strconv"

	"valkey/frontend/resp"
	"valkey/store"
	"valkey/store/rdb"
)

// Translator is a writer that takes a snapshot and passes on the commands that rebuild its data: a base without a
// snapshot in it, for those who have aof-use-rdb-preamble off.
type Translator struct {
	in  *io.PipeWriter
	end chan error // how the goroutine ended
}

// translateBytes is how many bytes of commands are passed on at once.
const translateBytes = 64 << 10

// NewTranslator makes a translator; stamp is the Unix time to begin with, 0 for none.
func NewTranslator(out io.Writer, stamp int64) *Translator {
	r, w := io.Pipe()
	t := &Translator{in: w, end: make(chan error, 1)}
	go func() { // the translator's own; Finish ends it and waits
		err := translate(r, out, stamp)
		_ = r.CloseWithError(err) // never fails
		t.end <- err
	}()
	return t
}

// Write takes a piece of the snapshot.
func (t *Translator) Write(p []byte) (int, error) { return t.in.Write(p) }

// Finish ends the snapshot, as its error says or well, and gives the first error of both.
func (t *Translator) Finish(err error) error {
	_ = t.in.CloseWithError(err) // never fails; nil is io.EOF
	if end := <-t.end; err == nil {
		err = end
	}
	return err
}

func translate(in io.Reader, out io.Writer, stamp int64) error {
	r := rdb.NewReader(in, rdb.ReadOptions{})
	var b []byte
	if stamp > 0 {
		b = append(strconv.AppendInt([]byte(stampPrefix), stamp, 10), '\r', '\n')
	}
	db := -1
	for {
		it, err := r.Next()
		switch {
		case errors.Is(err, io.EOF):
			_, err = out.Write(b)
			return err
		case err != nil:
			return fmt.Errorf("aof: translate a snapshot: %w", err)
		}
		if b, err = appendItem(b, &it, &db); err != nil {
			return err
		}
		if len(b) >= translateBytes {
			if _, err := out.Write(b); err != nil {
				return err
			}
			b = b[:0]
		}
	}
}

func appendItem(b []byte, it *rdb.Item, db *int) ([]byte, error) {
	switch it.Kind {
	case rdb.ItemFunction:
		return resp.AppendCommand(b, "FUNCTION", "LOAD", string(it.Text)), nil
	case rdb.ItemAux, rdb.ItemSelectDB, rdb.ItemResizeDB:
		return b, nil
	case rdb.ItemKey:
	}
	if it.DB != *db {
		*db = it.DB
		b = resp.AppendCommand(b, "SELECT", strconv.Itoa(it.DB))
	}
	var err error
	if b, err = appendValue(b, it); err != nil {
		return nil, err
	}
	if it.ExpireAt != store.NoExpire {
		b = resp.AppendCommand(b, []byte("PEXPIREAT"), it.Key, strconv.AppendInt(nil, it.ExpireAt, 10))
	}
	return b, nil
}

// appendValue appends the commands that make a value. A type of value adds itself here.
func appendValue(b []byte, it *rdb.Item) ([]byte, error) {
	switch it.Value.Type() {
	case store.String:
		return resp.AppendCommand(b, []byte("SET"), it.Key, it.Value.AppendText(nil)), nil
	default:
		return nil, fmt.Errorf("aof: no command makes a value of type %s", it.Value.Type())
	}
}
