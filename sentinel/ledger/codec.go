package ledger

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"
)

// entryVersion is the newest form of an entry that this ledger reads. It is raised together with a rule by which all
// members of a group begin to read the new form at the same index; until then a newer entry is refused by all alike.
const entryVersion = 1

// ErrNewer marks an entry of a newer version than this ledger reads: some member runs a newer program.
var ErrNewer = errors.New("ledger: the entry is of a newer version")

// The errors of bytes that are no entry. Callers see them as the reason of a refused entry.
var (
	errDamaged = errors.New("ledger: the entry is damaged")
	errLarge   = errors.New("ledger: the entry is larger than the limit")
)

// codec walks the fields of a record in one direction: it appends them, or reads them back. One description of each
// record serves both, so that the two cannot disagree.
type codec struct {
	buf     []byte
	reading bool
	bad     bool // reading: something did not fit
	list    int  // the longest list that is read
}

// Encode makes an entry of records.
func Encode(records ...Record) []byte {
	c := &codec{list: listMax}
	c.buf = append(c.buf, entryVersion)
	n := uint64(len(records))
	c.uint(&n)
	for _, r := range records {
		k := uint64(r.kind())
		c.uint(&k)
		r.code(c)
	}
	return c.buf
}

// Decode reads an entry back; the error says why it is none.
func Decode(data []byte) ([]Record, error) {
	switch {
	case len(data) > entryBytesMax:
		return nil, errLarge
	case len(data) == 0:
		return nil, errDamaged
	case data[0] > entryVersion:
		return nil, fmt.Errorf("%w: %d, this one reads %d", ErrNewer, data[0], entryVersion)
	case data[0] == 0:
		return nil, errDamaged
	}
	c := &codec{buf: data[1:], reading: true, list: listMax}
	n := c.length(0, recordsMax)
	records := make([]Record, 0, n)
	for range n {
		var k uint64
		c.uint(&k)
		r := blank(kind(k))
		if c.bad || r == nil {
			return nil, errDamaged
		}
		r.code(c)
		records = append(records, r)
	}
	if c.bad || len(c.buf) != 0 || n == 0 {
		return nil, errDamaged
	}
	return records, nil
}

func (c *codec) uint(v *uint64) {
	if !c.reading {
		c.buf = binary.AppendUvarint(c.buf, *v)
		return
	}
	x, n := binary.Uvarint(c.buf)
	if n <= 0 {
		c.bad, c.buf = true, nil
		return
	}
	*v, c.buf = x, c.buf[n:]
}

// length is a count: of v things when writing, at most limit when reading. A count takes at least that many bytes, so
// that a liar cannot make the reader allocate more than it sent.
func (c *codec) length(v, limit int) int {
	n := uint64(v)
	c.uint(&n)
	if c.reading && (n > uint64(limit) || n > uint64(len(c.buf))) {
		c.bad, c.buf = true, nil
		return 0
	}
	return int(n)
}

func (c *codec) text(s *string) {
	n := c.length(len(*s), nameBytesMax)
	if !c.reading {
		c.buf = append(c.buf, *s...)
		return
	}
	*s, c.buf = string(c.buf[:n]), c.buf[n:]
}

func (c *codec) int(v *int) {
	u := uint64(*v)
	c.uint(&u)
	if *v = int(u); *v < 0 {
		c.bad = true
	}
}

func (c *codec) epoch(v *Epoch) { c.uint((*uint64)(v)) }

func (c *codec) duration(v *time.Duration) {
	u := uint64(*v)
	c.uint(&u)
	*v = time.Duration(u)
}

func (c *codec) bool(v *bool) {
	var u uint64
	if *v {
		u = 1
	}
	c.uint(&u)
	*v = u == 1
	c.bad = c.bad || u > 1
}

// small is a value of a closed set, below limit.
func small[T ~uint8](c *codec, v *T, limit T) {
	u := uint64(*v)
	c.uint(&u)
	if u >= uint64(limit) {
		c.bad, u = true, 0
	}
	*v = T(u)
}

func (c *codec) addr(a *Addr) {
	c.text(&a.Host)
	c.int(&a.Port)
	c.bad = c.bad || a.Port > 65535
}

func (c *codec) ref(r *Ref) {
	c.text(&r.Name)
	c.uint(&r.Incarnation)
}

// each walks a list, with one description of its items.
func each[T any](c *codec, list *[]T, item func(*T)) {
	n := c.length(len(*list), c.list)
	if c.reading {
		*list = make([]T, n)
		if n == 0 {
			*list = nil
		}
	}
	for i := range *list {
		item(&(*list)[i])
	}
}

func (c *codec) seen(s *Seen) {
	c.addr(&s.Addr)
	c.int(&s.History)
	c.int(&s.Priority)
	c.uint(&s.Offset)
	c.text(&s.RunID)
	c.text(&s.Excluded)
}

func (r *Watch) code(c *codec) {
	c.text(&r.Name)
	c.addr(&r.Addr)
	c.epoch(&r.ConfigEpoch)
}

func (r *Unwatch) code(c *codec) {
	c.ref(&r.Ref)
	each(c, &r.Absent, c.text)
}

func (r *Forget) code(c *codec)   { c.text(&r.Member) }
func (r *Withdraw) code(c *codec) { c.ref(&r.Ref) }
func (r *Up) code(c *codec)       { c.ref(&r.Ref) }

func (r *Report) code(c *codec) {
	c.ref(&r.Ref)
	c.addr(&r.Addr)
	c.text(&r.Reason)
	c.duration(&r.Silence)
}

func (r *Down) code(c *codec) {
	c.ref(&r.Ref)
	c.int(&r.Quorum)
	each(c, &r.Counted, c.text)
}

func (r *Intent) code(c *codec) {
	c.ref(&r.Ref)
	small(c, &r.Kind, Coordinated+1)
	c.epoch(&r.EpochSeen)
}

func (r *Takeover) code(c *codec) {
	c.ref(&r.Ref)
	c.uint(&r.Fence)
	c.text(&r.Why)
}

func (r *Candidate) code(c *codec) {
	c.ref(&r.Ref)
	c.uint(&r.Fence)
	c.addr(&r.Addr)
	c.text(&r.RunID)
	small(c, &r.Way, HandOver+1)
	each(c, &r.Considered, c.seen)
}

func (r *Fallback) code(c *codec) {
	c.ref(&r.Ref)
	c.uint(&r.Fence)
	c.text(&r.Why)
}

func (r *Promoted) code(c *codec) {
	c.ref(&r.Ref)
	c.uint(&r.Fence)
}

func (r *Abort) code(c *codec) {
	c.ref(&r.Ref)
	c.uint(&r.Fence)
	c.text(&r.Why)
	each(c, &r.Considered, c.seen)
}

func (r *End) code(c *codec) {
	c.ref(&r.Ref)
	c.uint(&r.Fence)
	c.bool(&r.TimedOut)
}

func (r *Lineage) code(c *codec) {
	c.ref(&r.Ref)
	c.addr(&r.Addr)
	c.text(&r.ID)
}
