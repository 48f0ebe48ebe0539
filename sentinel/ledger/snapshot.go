package ledger

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"maps"
	"slices"
	"time"
)

// snapshotVersion is the newest form of a snapshot that this ledger reads.
const snapshotVersion = 1

// Decision is one line of a primary's history.
type Decision struct {
	Index  uint64
	At     time.Time // the proposer's clock
	By     string
	Epoch  Epoch
	What   string // open, watch, report, odown, failover, takeover, candidate, promoted, end, ...
	Detail string
}

// History is what was decided about a primary, oldest first: the last 1,000 decisions of its incarnation,
// or fewer where the histories of all primaries together reach their limit.
func (l *Ledger) History(name string) []Decision { return slices.Clone(l.history[name]) }

// errSnapshot is a snapshot that cannot be read.
var errSnapshot = errors.New("ledger: the snapshot is damaged")

// castagnoli is the table of the checksum at a snapshot's end.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Snapshot is the whole ledger as bytes; equal ledgers have equal snapshots.
func (l *Ledger) Snapshot() []byte {
	c := &codec{buf: []byte{snapshotVersion}, list: snapshotListMax}
	c.ledger(l)
	return binary.BigEndian.AppendUint32(c.buf, crc32.Checksum(c.buf, castagnoli))
}

// Restore replaces the ledger by a snapshot, or refuses it and changes nothing.
func (l *Ledger) Restore(data []byte) error {
	body := len(data) - crc32.Size
	switch {
	case body < 1:
		return errSnapshot
	case data[0] > snapshotVersion:
		return fmt.Errorf("ledger: the snapshot is of version %d, this one reads %d", data[0], snapshotVersion)
	case crc32.Checksum(data[:body], castagnoli) != binary.BigEndian.Uint32(data[body:]):
		return errSnapshot
	}
	c := &codec{buf: data[1:body], reading: true, list: snapshotListMax}
	next := New()
	c.ledger(next)
	if c.bad || len(c.buf) != 0 {
		return errSnapshot
	}
	*l = *next
	return nil
}

// ledger walks the whole state.
func (c *codec) ledger(l *Ledger) {
	c.uint(&l.index)
	hash := string(l.hash[:])
	c.text(&hash)
	if c.bad = c.bad || len(hash) != sha256.Size; c.bad {
		return
	}
	copy(l.hash[:], hash)
	c.epoch(&l.epoch)
	c.epoch(&l.closed)
	list := l.Primaries()
	each(c, &list, func(p **Primary) {
		if *p == nil {
			*p = &Primary{}
		}
		c.primary(*p)
		history := l.history[(*p).Name]
		each(c, &history, c.decision)
		if c.reading {
			l.primaries[(*p).Name] = *p
			l.history[(*p).Name] = history
			for i := range history {
				l.historyBytes += history[i].size()
			}
		}
	})
	c.bad = c.bad || len(list) != len(l.primaries)
	if c.reading && c.bad {
		maps.DeleteFunc(l.primaries, func(string, *Primary) bool { return true })
	}
}

func (c *codec) primary(p *Primary) {
	c.ref(&p.Ref)
	c.addr(&p.Addr)
	c.epoch(&p.ConfigEpoch)
	each(c, &p.Watchers, c.text)
	each(c, &p.Lineages, c.text)
	each(c, &p.evidence, func(s *standing) {
		c.text(&s.By)
		c.uint(&s.Index)
		c.time(&s.At)
		c.text(&s.Reason)
		c.duration(&s.Silence)
		if c.reading {
			p.Reports = append(p.Reports, s.By)
		}
	})
	optional(c, &p.Down, func(v *Verdict) {
		c.uint(&v.Index)
		c.time(&v.At)
		c.text(&v.By)
		c.int(&v.Quorum)
		each(c, &v.Counted, c.text)
	})
	optional(c, &p.Failover, c.failover)
	c.bad = c.bad || len(p.Watchers) == 0
}

func (c *codec) failover(f *Failover) {
	c.epoch(&f.Epoch)
	small(c, &f.State, Following+1)
	small(c, &f.Kind, Coordinated+1)
	c.text(&f.Driver)
	c.uint(&f.Fence)
	c.addr(&f.From)
	c.addr(&f.Candidate)
	c.text(&f.RunID)
	small(c, &f.Way, HandOver+1)
	c.text(&f.Fellback)
	c.uint(&f.Index)
}

func (c *codec) decision(d *Decision) {
	c.uint(&d.Index)
	c.time(&d.At)
	c.text(&d.By)
	c.epoch(&d.Epoch)
	c.text(&d.What)
	c.text(&d.Detail)
}

func (c *codec) time(t *time.Time) {
	if !c.reading {
		c.buf = binary.AppendVarint(c.buf, t.UnixNano())
		return
	}
	x, n := binary.Varint(c.buf)
	if n <= 0 {
		c.bad, c.buf = true, nil
		return
	}
	*t, c.buf = time.Unix(0, x).UTC(), c.buf[n:]
}

// optional walks a value that may be missing.
func optional[T any](c *codec, p **T, walk func(*T)) {
	there := *p != nil
	c.bool(&there)
	if !there {
		return
	}
	if c.reading {
		*p = new(T)
	}
	walk(*p)
}
