package repl

import (
	"crypto/rand"
	"encoding/hex"
	"slices"
	"strconv"
	"sync/atomic"

	"valkey/internal/invariant"
)

// NoID is the second id of a history that has none.
const NoID = "0000000000000000000000000000000000000000"

// NewID makes the id of a new history: 40 hexadecimal digits that no other server has.
func NewID() string {
	var id [20]byte
	rand.Read(id[:]) // never fails
	return hex.EncodeToString(id[:])
}

// AnyDB is the database of what needs none selected: the engine's AnyDB.
const AnyDB = -1

// History is what a server can tell others about how its data came to be: a stream of commands with an id and an
// offset, and as much of its end as the backlog holds. Offsets count the bytes before a place, from 0; Valkey's wire
// counts them from 1. All methods want the engine lock.
type History struct {
	id, id2 string
	second  int64 // the wire offset up to which id2 is good, -1 for none
	offset  int64
	db      int // that the stream has selected; AnyDB: it must select one first

	limit      int64
	head, tail *block // the backlog; nil while there is none
	bytes      int64  // in it
	memory     int
	shared     atomic.Pointer[block] // the tail, for readers
	readers    []*Reader
	spares     []*block
	dubious    int64 // a reader that was ended may still look at the block of this place
	grown      bool
}

// New begins a history that holds no bytes yet.
func New(id string, backlogBytes int64) *History {
	return &History{id: id, id2: NoID, second: -1, db: AnyDB, limit: backlogBytes, dubious: -1}
}

// ID is the history's id.
func (h *History) ID() string { return h.id }

// Second is the id of the history that this one continues, and the wire offset up to which the two are the same; NoID
// and -1 when there is none.
func (h *History) Second() (id string, offset int64) { return h.id2, h.second }

// Offset is how many bytes the stream has had.
func (h *History) Offset() int64 { return h.offset }

// DB is the database that the stream has selected, AnyDB if what comes next selects one.
func (h *History) DB() int { return h.db }

// Active reports whether there is a backlog. Without one nothing is kept, and nobody can follow.
func (h *History) Active() bool { return h.tail != nil }

// First is the wire offset of the oldest byte of the backlog, and Len how many there are; 0 and 0 without one.
func (h *History) First() int64 {
	if h.tail == nil {
		return 0
	}
	return h.offset - h.bytes + 1
}

// Len is how many bytes the backlog holds.
func (h *History) Len() int64 { return h.bytes }

// Memory is what the backlog takes, with all that readers still need of it.
func (h *History) Memory() int { return h.memory }

// SetLimit changes how many bytes the backlog keeps beyond what readers need.
func (h *History) SetLimit(bytes int64) {
	h.limit = bytes
	h.trim()
}

// Activate makes an empty backlog at the present offset, unless there is one.
func (h *History) Activate() {
	if h.tail != nil {
		return
	}
	h.head = h.newBlock()
	h.setTail(h.head)
	h.bytes, h.memory = 0, h.head.memory()
}

// Stop drops the backlog. No reader may be left.
func (h *History) Stop() {
	invariant.Check(len(h.readers) == 0, "repl: the backlog is dropped under %d readers", len(h.readers))
	h.head, h.spares = nil, nil
	h.setTail(nil)
	h.bytes, h.memory = 0, 0
	h.db, h.dubious = AnyDB, -1
}

// Renew makes this a new history without a past: what was told about it before is no longer true.
func (h *History) Renew() { h.id, h.id2, h.second = NewID(), NoID, -1 }

// Shift begins a new history at this point: a promoted replica's. Who has the old one up to here can follow.
func (h *History) Shift() {
	h.Follow(NewID())
	h.ForceSelect()
}

// Follow goes on under an id that the primary has told, from this point.
func (h *History) Follow(id string) {
	h.id2, h.second = h.id, h.offset+1
	h.id = id
}

// Adopt takes over another server's history at an offset: after a full copy of its data, or of our own after a
// restart. An empty backlog begins there; no reader may be left.
func (h *History) Adopt(id string, offset int64) {
	h.Stop()
	h.id, h.id2, h.second, h.offset = id, NoID, -1, offset
	h.Activate()
}

// Rebase moves the whole stream on by so many bytes, as if they had come before it: what is appended while data is
// loaded belongs behind what the data tells of. No reader may be left.
func (h *History) Rebase(by int64) {
	invariant.Check(len(h.readers) == 0, "repl: the stream moves under %d readers", len(h.readers))
	h.offset += by
	for b := h.head; b != nil; b = b.next.Load() {
		b.start += by
	}
}

// SetSecond restores what Second gave.
func (h *History) SetSecond(id string, offset int64) { h.id2, h.second = id, offset }

// ForceSelect has the stream select a database before its next command, for a reader that has seen none.
func (h *History) ForceSelect() { h.db = AnyDB }

// Append adds a command: engine.EffectSink. Without a backlog it only counts, as who waits for the append-only file
// needs an offset that grows.
func (h *History) Append(db int, wire []byte) {
	if h.tail == nil {
		h.offset++
		return
	}
	if db != AnyDB && db != h.db {
		h.db = db
		h.write(appendSelect(make([]byte, 0, selectBytes), db))
	}
	h.write(wire)
}

// AppendRaw adds bytes as they came from the primary, so that those who copy us see its very stream. It selects
// nothing by itself.
func (h *History) AppendRaw(p []byte) {
	if h.tail == nil {
		h.offset += int64(len(p))
		return
	}
	h.write(p)
}

const selectBytes = 40

func appendSelect(b []byte, db int) []byte {
	var digits [20]byte
	d := strconv.AppendInt(digits[:0], int64(db), 10)
	b = append(b, "*2\r\n$6\r\nSELECT\r\n$"...)
	b = strconv.AppendInt(b, int64(len(d)), 10)
	b = append(append(b, "\r\n"...), d...)
	return append(b, "\r\n"...)
}

func (h *History) write(p []byte) {
	h.offset += int64(len(p))
	h.bytes += int64(len(p))
	h.grown = true
	for {
		n := h.tail.fill(p)
		if p = p[n:]; len(p) == 0 {
			return
		}
		b := h.newBlock()
		b.start = h.tail.end()
		h.tail.next.Store(b)
		h.setTail(b)
		h.memory += b.memory()
		h.trim()
	}
}

func (h *History) setTail(b *block) {
	h.tail = b
	h.shared.Store(b)
}

// TakeGrown reports whether anything was appended since the last call.
func (h *History) TakeGrown() bool {
	g := h.grown
	h.grown = false
	return g
}

func (h *History) blockBytes() int { return int(min(max(h.limit/16, blockMin), blockMax)) }

// newBlock gives an empty block that begins at the present offset.
func (h *History) newBlock() *block {
	if last := len(h.spares) - 1; last >= 0 {
		b := h.spares[last]
		h.spares[last] = nil
		h.spares = h.spares[:last]
		if len(b.data) == h.blockBytes() {
			b.start = h.offset
			b.next.Store(nil)
			b.used.Store(0)
			return b
		}
	}
	return &block{start: h.offset, data: make([]byte, h.blockBytes())}
}

// Trim goes on with dropping what nobody needs, for a bounded time: after a reader that lagged far behind has gone.
func (h *History) Trim() { h.trim() }

// trim drops the oldest blocks that neither the limit nor a reader keeps.
func (h *History) trim() {
	if h.tail == nil {
		return
	}
	needed := h.oldest()
	for range trimMax {
		b := h.head
		size := int64(len(b.data))
		// A reader whose place is the very end of a block may still have to find the next one through it.
		if b == h.tail || h.bytes-size <= h.limit || needed <= b.start+size {
			return
		}
		h.head = b.next.Load()
		h.bytes -= size
		h.memory -= b.memory()
		if len(h.spares) < sparesMax && b.start > h.dubious {
			h.spares = append(h.spares, b)
		}
	}
}

// oldest is the place of the reader that is furthest behind, or the end of the stream.
func (h *History) oldest() int64 {
	at := h.offset + 1 // a block that ends at the end of the stream may go when nobody reads
	for _, r := range h.readers {
		at = min(at, r.at.Load())
	}
	return at
}

// Read begins to read at an offset that Has, or at the end of the stream.
func (h *History) Read(offset int64) *Reader {
	invariant.Check(h.holds(offset), "repl: a reader begins at %d of %d, %d are kept", offset, h.offset, h.bytes)
	b := h.head
	for b.next.Load() != nil && b.end() <= offset {
		b = b.next.Load()
	}
	r := &Reader{block: b, tail: &h.shared}
	r.at.Store(offset)
	h.readers = append(h.readers, r)
	return r
}

// End ends a reader's claim on the backlog. It may be called again, and while the reader's goroutine is in the middle
// of sending what Next gave.
func (h *History) End(r *Reader) {
	r.ended.Store(true)
	h.dubious = max(h.dubious, r.at.Load())
	h.readers = slices.DeleteFunc(h.readers, func(o *Reader) bool { return o == r })
	h.trim()
}

// Readers is how many read.
func (h *History) Readers() int { return len(h.readers) }

// holds reports whether the stream can be read on from an offset.
func (h *History) holds(offset int64) bool {
	return h.tail != nil && offset >= h.offset-h.bytes && offset <= h.offset
}
