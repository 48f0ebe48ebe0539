package store

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"strconv"
	"testing"
)

const modelDatabases = 3

func newStore(t testing.TB, databases int) *Store {
	t.Helper()
	o := Options{Databases: databases, RandomSeed: 1, HashSeed: [16]byte{1, 2, 3}, ReserveBytes: 8 << 30}
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// record is what the model knows of a key.
type record struct {
	text string
	at   int64
}

// machine runs operations, chosen by a string of bytes, on a store and on maps.
type machine struct {
	t     testing.TB
	s     *Store
	aside *Aside
	model [2 * modelDatabases]map[string]record // of the live databases, then of those aside
	cuts  []*sighting
	pins  []*held
	input []byte
	keys  int // how many different keys there are
}

func newMachine(t testing.TB, keys int) *machine {
	t.Helper()
	m := &machine{t: t, s: newStore(t, modelDatabases), keys: keys}
	m.aside = m.s.Aside()
	for i := range m.model {
		m.model[i] = make(map[string]record)
	}
	return m
}

// db returns the database that model i is of.
func (m *machine) db(i int) *DB {
	if i < modelDatabases {
		return m.s.DB(i)
	}
	return m.aside.DB(i - modelDatabases)
}

// pick returns a database, one of the live ones mostly.
func (m *machine) pick() int {
	if m.next(5) == 0 {
		return modelDatabases + m.next(modelDatabases)
	}
	return m.next(modelDatabases)
}

// next returns a number below n, made from the input.
func (m *machine) next(n int) int {
	v := 0
	for range 2 {
		v <<= 8
		if len(m.input) > 0 {
			v |= int(m.input[0])
			m.input = m.input[1:]
		}
	}
	return v % n
}

// key returns one of the keys; the last few are long, up to a size that has an allocation of its own.
func (m *machine) key() []byte {
	n := m.next(m.keys)
	key := []byte("key:" + strconv.Itoa(n))
	if n < 8 {
		key = append(key, bytes.Repeat([]byte{'k'}, []int{20, 30, 100, 250, 251, 300, 5000, 40000}[n])...)
	}
	return key
}

func (m *machine) text() []byte {
	var length int
	switch m.next(10) {
	case 0, 1:
		return strconv.AppendInt(nil, int64(m.next(1<<16)-1<<15)<<m.next(48), 10)
	case 2:
		length = 80 + m.next(50)
	case 3:
		length = embedMax - 10 + m.next(20)
	case 4:
		length = m.next(100_000)
	default:
		length = m.next(100)
	}
	return bytes.Repeat([]byte{byte('a' + m.next(26))}, length)
}

func (m *machine) deadline() int64 {
	if m.next(3) > 0 {
		return NoExpire
	}
	return int64(m.next(1000))
}

// step runs one operation and compares its result.
func (m *machine) step() {
	i := m.pick()
	db, model := m.db(i), m.model[i]
	key := m.key()
	hash := m.s.Hash(key)
	e := db.Find(key, hash)
	old, had := model[string(key)]
	if e.Exists() != had {
		m.t.Fatalf("%q exists: %v, want %v", key, e.Exists(), had)
	}
	m.compare(e, key, old, had)
	switch op := m.next(40); {
	case op < 12:
		m.set(i, key, hash, old, had)
	case op < 16:
		if db.Delete(key, hash) != had {
			m.t.Fatalf("deleting %q: want %v", key, had)
		}
		delete(model, string(key))
	case op < 18 && had:
		db.Remove(e)
		delete(model, string(key))
	case op < 24 && had:
		m.mutate(i, key, e, old)
	case op < 28 && had:
		old.at = m.deadline()
		m.compare(db.SetExpire(e, old.at), key, old, true)
		model[string(key)] = old
	case op < 32 && had:
		m.rekey(i, key, hash, e, old)
	case op < 34 && had:
		n := int64(m.next(1 << 16))
		if db.SetIntAt(e, n) {
			old.text = strconv.FormatInt(n, 10)
			model[string(key)] = old
		}
		e.Touch()
	case op >= 34 && op < 38:
		m.cutting()
	case op == 39:
		m.rare(i)
	}
}

func (m *machine) set(i int, key []byte, hash uint64, old record, had bool) {
	db := m.db(i)
	text, at := m.text(), m.deadline()
	want := record{string(text), at}
	if m.next(4) == 0 {
		at = KeepTTL
		want.at = NoExpire
		if had {
			want.at = old.at
		}
	}
	var e Entry
	switch m.next(3) {
	case 0:
		e = db.SetText(key, hash, text, at)
	case 1:
		n := int64(m.next(1 << 16))
		want.text = strconv.FormatInt(n, 10)
		e = db.SetInt(key, hash, n, at)
	default:
		e = db.SetString(key, hash, text, at)
	}
	m.compare(e, key, want, true)
	m.model[i][string(key)] = want
}

// mutate appends to a value or writes into it.
func (m *machine) mutate(i int, key []byte, e Entry, old record) {
	text := m.text()
	offset := len(old.text)
	if m.next(2) == 0 {
		offset = m.next(2*len(old.text) + 1)
	}
	want := []byte(old.text)
	if short := offset + len(text) - len(want); short > 0 {
		want = append(want, make([]byte, short)...)
	}
	copy(want[offset:], text)
	e, b := m.db(i).Mutable(e, len(want), offset, offset+len(text))
	copy(b, text)
	old.text = string(want)
	if e.Encoding() != Raw {
		m.t.Fatalf("%q is %v after a change", key, e.Encoding())
	}
	m.compare(e, key, old, true)
	m.model[i][string(key)] = old
}

// rekey renames, moves or copies an entry.
func (m *machine) rekey(i int, key []byte, hash uint64, e Entry, old record) {
	j := m.pick()
	target := m.key()
	if m.next(4) == 0 {
		target = key
	}
	if i == j && bytes.Equal(key, target) {
		return
	}
	from, to := m.db(i), m.db(j)
	newHash := m.s.Hash(target)
	if to.Unlink(target, newHash) {
		e = from.Find(key, hash)
	}
	if m.next(2) == 0 {
		e = from.Copy(e, to, target, newHash)
	} else {
		e = from.Move(e, hash, to, target, newHash)
		delete(m.model[i], string(key))
	}
	m.compare(e, target, old, true)
	m.model[j][string(target)] = old
}

// rare is for what concerns whole databases.
func (m *machine) rare(i int) {
	j := m.next(modelDatabases)
	if m.next(m.keys) > 100 {
		return // large data sets are for growing and shrinking
	}
	switch m.next(14) {
	case 0:
		if n := m.db(i).Flush(m.next(2) == 0); n != len(m.model[i]) {
			m.t.Fatalf("flushed %d keys, want %d", n, len(m.model[i]))
		}
		m.model[i] = make(map[string]record)
	case 1, 2:
		i %= modelDatabases
		m.s.Swap(i, j)
		m.model[i], m.model[j] = m.model[j], m.model[i]
	case 3:
		m.compareAll()
	case 4:
		now := int64(m.next(1000))
		m.s.ActiveExpire(now, ExpireCycle{
			Effort:   1 + m.next(EffortMax),
			Overtime: func() bool { return false },
			Expired: func(db *DB, e Entry) {
				rec, ok := m.model[db.ID()][string(e.Key())]
				if !ok || rec.at == NoExpire || rec.at >= now {
					m.t.Fatalf("%q expired at %d: %v, %d", e.Key(), now, ok, rec.at)
				}
				delete(m.model[db.ID()], string(e.Key()))
				db.Remove(e)
			},
		})
	case 5:
		for range m.next(10) {
			if db, e, ok := m.s.Victim(Policy(m.next(8)), 5); ok {
				delete(m.model[db.ID()], string(e.Key()))
				db.Remove(e)
			}
		}
	case 6:
		m.aside.Swap()
		for i := range modelDatabases {
			m.model[i], m.model[modelDatabases+i] = m.model[modelDatabases+i], m.model[i]
		}
	case 7:
		m.aside.Drop(m.next(2) == 0)
		m.aside = m.s.Aside()
		for i := range modelDatabases {
			m.model[modelDatabases+i] = make(map[string]record)
		}
	case 8:
		m.db(i).Reserve(m.next(10_000), m.next(1000))
	default:
		m.s.Reclaim(m.next(1000))
	}
}

func (m *machine) compare(e Entry, key []byte, want record, had bool) {
	m.t.Helper()
	if !had {
		return
	}
	var scratch [20]byte
	if string(e.Key()) != string(key) || string(e.Bytes(&scratch)) != want.text || e.Len() != len(want.text) ||
		e.ExpireAt() != want.at {
		m.t.Fatalf("%.20q: %.20q (%d) until %d, want %.20q (%d) until %d",
			e.Key(), e.Bytes(&scratch), e.Len(), e.ExpireAt(), want.text, len(want.text), want.at)
	}
}

// compareAll compares everything there is, and lets the store check itself.
func (m *machine) compareAll() {
	m.t.Helper()
	if err := m.s.Check(); err != nil {
		m.t.Fatal(err)
	}
	for i, model := range m.model {
		db := m.db(i)
		volatile := 0
		seen := maps.Clone(model)
		for cursor, first := uint64(0), true; first || cursor != 0; first = false {
			cursor = db.Scan(cursor, func(e Entry) {
				rec, ok := seen[string(e.Key())]
				if !ok {
					m.t.Fatalf("%.20q should not be there, or was there twice", e.Key())
				}
				delete(seen, string(e.Key()))
				if rec.at != NoExpire {
					volatile++
				}
				m.compare(e, e.Key(), rec, true)
			})
		}
		if len(seen) != 0 || db.Len() != len(model) || db.Volatile() != volatile {
			m.t.Fatalf("database %d: %d keys (%d volatile), want %d (%d)", i, db.Len(), db.Volatile(), len(model), volatile)
		}
		if r := db.Random(); r.Exists() != (len(model) > 0) {
			m.t.Fatalf("random key of %d: %v", len(model), r.Exists())
		}
		if r := db.RandomVolatile(); r.Exists() != (volatile > 0) || volatile > 0 && r.ExpireAt() == NoExpire {
			m.t.Fatalf("random volatile key of %d: %v", volatile, r.Exists())
		}
	}
}

// finish empties the store and looks whether all memory has come back.
func (m *machine) finish() {
	m.compareAll()
	m.finishCuts()
	m.compareAll()
	for i := range m.model {
		m.db(i).Flush(i%2 == 0)
	}
	m.aside.Drop(false)
	for m.s.Reclaim(100) {
		continue
	}
	if m.s.Used() != 0 || m.s.Pending() != 0 || m.s.Memory().Kept != 0 || m.s.PinnedBytes() != 0 || m.s.marks != 0 {
		m.t.Fatalf("empty, but %+v, %d keys pending, marks %b", m.s.Memory(), m.s.Pending(), m.s.marks)
	}
}

func TestModel(t *testing.T) {
	for _, keys := range []int{12, 300, 20_000} {
		t.Run(fmt.Sprint(keys), func(t *testing.T) {
			m := newMachine(t, keys)
			r := rand.New(rand.NewPCG(uint64(keys), 9))
			for step := range 30_000 {
				m.input = m.input[:0]
				for range 32 {
					m.input = append(m.input, byte(r.Uint32()))
				}
				m.step()
				if step%2000 == 0 {
					m.compareAll()
				}
			}
			m.finish()
		})
	}
}

func FuzzModel(f *testing.F) {
	f.Add([]byte("0123456789abcdefghijklmnopqrstuvwxyz"))
	f.Add(bytes.Repeat([]byte{0, 1, 0, 7, 0, 39, 0, 4}, 40))
	f.Fuzz(func(t *testing.T, input []byte) {
		m := newMachine(t, 16)
		m.input = input[:min(len(input), 4000)]
		for len(m.input) > 0 {
			m.step()
		}
		m.finish()
	})
}
