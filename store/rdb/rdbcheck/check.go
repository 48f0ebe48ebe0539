// Package rdbcheck looks through a data file without loading it, as valkey-check-rdb does, and tells what it finds.
//
// It is pure: the file, the time and the place for its words are arguments. Lines and field names are those of Valkey's
// own program where scripts look for them.
package rdbcheck

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"valkey/store"
	"valkey/store/rdb"
)

// Options say what is checked and told.
type Options struct {
	Name  string // of the file, for the first line
	NowMs int64  // what counts as expired
	Stats bool   // gather what Print prints
}

// Report is what was found.
type Report struct {
	Sound   bool
	Bytes   int64 // of the snapshot, up to its end or to what is wrong with it
	Relaxed bool  // sound, but only rdb-version-check relaxed loads it

	keys, expires, expired, functions, scripts uint64
	stats                                      *stats
}

// checker is a check under way.
type checker struct {
	Report
	o   Options
	r   *rdb.Reader
	out io.Writer
	// sizes are those of the elements of the value being read: its database and type are known only behind it.
	sizes []int
}

// Check reads a file to its end and writes what it sees on the way, and the verdict.
func Check(file io.Reader, o Options, out io.Writer) *Report {
	c := &checker{o: o, out: out}
	ro := rdb.ReadOptions{Relaxed: true, WalkOnly: true}
	if o.Stats {
		c.stats = newStats()
		ro.Element = func(bytes int) { c.sizes = append(c.sizes, bytes) }
	}
	c.r = rdb.NewReader(file, ro)
	c.say("Checking RDB file %s", o.Name)
	err := c.header()
	var it rdb.Item
	for err == nil {
		c.sizes = c.sizes[:0]
		if it, err = c.r.Next(); err == nil {
			c.item(&it)
		}
	}
	c.Bytes = c.r.Offset()
	c.Sound = errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF)
	c.verdict(&it, err)
	return &c.Report
}

// put writes. What a writer cannot take it has to remember itself, as a bufio.Writer does.
func put(w io.Writer, format string, args ...any) { _, _ = fmt.Fprintf(w, format, args...) }

func (c *checker) say(format string, args ...any) {
	put(c.out, "[offset %d] %s\n", c.r.Offset(), fmt.Sprintf(format, args...))
}

func (c *checker) header() error {
	if err := c.r.Begin(); err != nil {
		return err
	}
	switch v := c.r.Version(); {
	case v.Foreign():
		c.Relaxed = true
		c.say("Foreign RDB version %d detected", v)
	case v > rdb.V80:
		c.Relaxed = true
		c.say("Future RDB version %d detected", v)
	}
	return nil
}

func (c *checker) item(it *rdb.Item) {
	switch it.Kind {
	case rdb.ItemAux:
		if strings.EqualFold(string(it.Name), "lua") {
			c.scripts++
		}
		c.say("AUX FIELD %s = '%s'", it.Name, it.Text)
	case rdb.ItemSelectDB:
		c.say("Selecting DB ID %d", it.DB)
	case rdb.ItemFunction:
		c.functions++
	case rdb.ItemResizeDB:
	case rdb.ItemKey:
		c.key(it)
	}
}

func (c *checker) key(it *rdb.Item) {
	expires := it.ExpireAt != store.NoExpire
	expired := expires && it.ExpireAt < c.o.NowMs
	c.keys++
	c.expires += one(expires)
	c.expired += one(expired)
	if c.stats == nil {
		return
	}
	p := c.stats.of(it.DB, it.Form)
	p.keys++
	p.expires += one(expires)
	p.expired += one(expired)
	p.keyBytes += uint64(len(it.Key))
	p.counts.add(it.Shape.Elements)
	for _, n := range c.sizes {
		p.sizes.add(uint64(n))
	}
}

func one(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

// verdict writes how it ended.
func (c *checker) verdict(it *rdb.Item, err error) {
	code := 0
	if c.Sound {
		c.checksum()
	} else {
		code = 1
		put(c.out, "--- RDB ERROR DETECTED ---\n")
		c.say("%s", reason(err))
		put(c.out, "[additional info] While doing: %s\n", c.doing(it))
		if it.Key != nil {
			put(c.out, "[additional info] Reading key '%s'\n", it.Key)
			put(c.out, "[additional info] Reading type %d (%s)\n", int(it.Form), it.Form)
		}
		c.info()
	}
	c.say("Check RDB returned error code %d (0 means success)", code)
	switch {
	case !c.Sound:
		return
	case c.Relaxed:
		c.say(`\o/ RDB looks OK, but loading requires config 'rdb-version-check relaxed'`)
	default:
		c.say(`\o/ RDB looks OK! \o/`)
	}
	c.info()
}

func (c *checker) checksum() {
	switch {
	case !c.r.Version().Summed():
	case c.r.Unsummed():
		c.say("RDB file was saved with checksum disabled: no check performed.")
	default:
		c.say("Checksum OK")
	}
}

// doing names what was being read when it went wrong.
func (c *checker) doing(it *rdb.Item) string {
	switch {
	case c.r.Version() == 0:
		return "start"
	case c.r.Ended():
		return "check-sum"
	case it.Key != nil:
		return "read-object-value"
	case it.Kind == rdb.ItemAux:
		return "read-aux"
	case it.Kind == rdb.ItemFunction:
		return "read-functions"
	case it.Kind == rdb.ItemSelectDB, it.Kind == rdb.ItemResizeDB:
		return "read-len"
	}
	return "read-type"
}

// reason is an error in the words that follow an offset.
func reason(err error) string {
	var corrupt *rdb.CorruptError
	var foreign *rdb.ForeignError
	switch {
	case errors.As(err, &corrupt):
		return corrupt.Reason
	case errors.As(err, &foreign):
		return foreign.Reason
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "Unexpected EOF reading RDB file"
	}
	return err.Error()
}

func (c *checker) info() {
	put(c.out, "[info] %d keys read\n", c.keys)
	put(c.out, "[info] %d expires\n", c.expires)
	put(c.out, "[info] %d already expired\n", c.expired)
	put(c.out, "[info] %d functions\n", c.functions)
	if c.scripts > 0 {
		put(c.out, "[info] %d lua scripts read\n", c.scripts)
	}
}
