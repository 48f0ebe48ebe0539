package rdb

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"

	"valkey/store"
)

// ReadOptions say what is accepted; the zero value is the strictest.
type ReadOptions struct {
	Relaxed        bool // try versions of others and of the future, as rdb-version-check relaxed
	IgnoreChecksum bool
	// WalkOnly takes values of every type apart without making anything of them, as valkey-check-rdb does: also those
	// that the server has no type for.
	WalkOnly bool
	// Element hears, with WalkOnly, the length of each element that an ItemKey's value has, before the item comes.
	Element func(bytes int)
}

// ItemKind is what an Item is.
type ItemKind uint8

// The kinds of items.
const (
	ItemAux ItemKind = iota
	ItemSelectDB
	ItemResizeDB
	ItemFunction
	ItemKey
)

// Item is a piece of a file. Its slices are the caller's to keep; they hold on to the block of the file they lie in.
type Item struct {
	Kind ItemKind
	DB   int // the database that is selected

	Name, Text     []byte // ItemAux: a field and its value; ItemFunction: Text is the code
	Keys, Volatile uint64 // ItemResizeDB: what the writer had; only a hint

	Key      []byte // ItemKey
	Form     Type   // how the value is written
	ExpireAt int64  // Unix ms, or store.NoExpire
	Idle     int64  // seconds, or -1
	Freq     int    // counter of uses, or -1
	Value    Value  // empty with WalkOnly
	Shape    Shape  // of the value, with WalkOnly alone
}

// Put stores the key of an ItemKey in a database, with deadline and age. A key that is there already stays as it is,
// and the Entry returned is none.
func (it *Item) Put(db *store.DB, hash uint64) store.Entry {
	if db.Find(it.Key, hash).Exists() {
		return store.Entry{}
	}
	e := it.Value.Put(db, it.Key, hash, it.ExpireAt)
	if it.Idle >= 0 {
		e.SetIdle(uint32(min(it.Idle, math.MaxUint32)))
	}
	if it.Freq >= 0 {
		e.SetFreq(uint8(it.Freq))
	}
	return e
}

// Reader takes a file apart, item by item. It reads ahead: what it has read and not used is Rest.
type Reader struct {
	in      input
	o       ReadOptions
	version Version
	redis   bool // the magic is Redis'
	db      int
	stage   stage
	zeroSum bool
}

// stage is how far a Reader has come.
type stage uint8

const (
	stageHeader stage = iota
	stageItems
	stageEnd
)

// NewReader makes a Reader of a file or a stream.
func NewReader(r io.Reader, o ReadOptions) *Reader {
	return &Reader{in: input{r: r, checksum: !o.IgnoreChecksum}, o: o}
}

// Begin reads the header. Next does it if nobody else has.
func (r *Reader) Begin() error {
	if r.stage != stageHeader {
		return nil
	}
	h, err := r.in.take(headerBytes)
	if err != nil {
		return err
	}
	magic := string(h[:len(magicRedis)])
	r.redis = magic == magicRedis
	if !r.redis && magic != magicValkey {
		return &ForeignError{Reason: fmt.Sprintf("the signature %q is no data file's", h), Header: true}
	}
	for _, c := range h[len(magic):] {
		if c < '0' || c > '9' {
			r.version = 0
			break
		}
		r.version = r.version*10 + Version(c-'0')
	}
	if !r.version.Accepted(r.o.Relaxed) || r.redis != (r.version <= foreignMax) {
		reason := fmt.Sprintf("version %d of the format, in a file that begins with %s", r.version, magic)
		return &ForeignError{Reason: reason, Header: true}
	}
	r.stage = stageItems
	return nil
}

// Version returns the version that the header tells, after Begin or the first Next.
func (r *Reader) Version() Version { return r.version }

// Offset returns how many bytes of the stream are used.
func (r *Reader) Offset() int64 { return r.in.offset() }

// Rest returns what was read behind what is used. After the end of the file it is the beginning of what follows it.
func (r *Reader) Rest() []byte { return r.in.buf[r.in.pos:r.in.end] }

// Ended reports whether the end of the data was seen, though the checksum may be missing or wrong.
func (r *Reader) Ended() bool { return r.stage == stageEnd }

// Unsummed reports, after the end, that the file was written without a checksum.
func (r *Reader) Unsummed() bool { return r.zeroSum }

// Next returns the next item, or io.EOF behind the last when the checksum is right. Other errors are a *CorruptError,
// a *ForeignError, or those of the stream; one that ends too early wraps io.ErrUnexpectedEOF.
func (r *Reader) Next() (Item, error) {
	it := Item{Kind: ItemKey, ExpireAt: store.NoExpire, Idle: -1, Freq: -1}
	if err := r.Begin(); err != nil {
		return it, err
	}
	for r.stage == stageItems {
		code, err := r.in.byte()
		if err != nil {
			return it, err
		}
		if err := r.unknown(code); err != nil {
			it.Form = Type(code)
			return it, err
		}
		done := false
		if code < foreignTypeMax {
			done, err = true, r.key(&it, Type(code))
		} else {
			done, err = r.op(&it, code)
		}
		if done || err != nil {
			it.DB = r.db
			return it, err
		}
	}
	return it, io.EOF
}

// unknown refuses a type or opcode that there is not, or that has a foreign meaning in this file.
func (r *Reader) unknown(code byte) error {
	foreign := r.redis && code >= foreignTypeMin && code <= foreignTypeMax
	if !foreign && (code >= opSlotImport || Type(code).known()) {
		return nil
	}
	unknown := func(format string) error {
		return &ForeignError{Offset: r.in.offset(), Reason: fmt.Sprintf(format, code, r.version), Code: int(code)}
	}
	switch {
	case r.version.Foreign():
		return unknown("Unknown object type %d in RDB file with foreign version %d")
	case r.version > V80:
		return unknown("Unknown object type %d in RDB file with future version %d")
	case foreign:
		return unknown("type or opcode %d is Redis' own, in version %d")
	}
	return r.in.corruptBy(CorruptType, "no value and no opcode begins with %d", code)
}

func (r *Reader) foreign(format string, args ...any) error {
	return &ForeignError{Offset: r.in.offset(), Reason: fmt.Sprintf(format, args...)}
}

// key reads a key and its value.
func (r *Reader) key(it *Item, t Type) (err error) {
	it.Form = t
	if it.Key, err = r.in.text(); err != nil {
		return err
	}
	if r.o.WalkOnly {
		it.Shape, err = r.in.walk(t, r.o.Element)
		return err
	}
	it.Value, err = r.in.value(t)
	return err
}

// op reads what follows an opcode, and reports whether that makes an item.
func (r *Reader) op(it *Item, code byte) (done bool, err error) {
	in := &r.in
	switch code {
	case opExpire, opExpireMs, opIdle, opFreq:
		return false, r.prefix(it, code)
	case opSelectDB:
		it.Kind = ItemSelectDB
		return true, r.selectDB()
	case opResizeDB:
		it.Kind = ItemResizeDB
		if it.Keys, err = in.count(); err == nil {
			it.Volatile, err = in.count()
		}
		return true, err
	case opAux:
		it.Kind = ItemAux
		if it.Name, err = in.text(); err == nil {
			it.Text, err = in.text()
		}
		return true, err
	case opFunction:
		it.Kind = ItemFunction
		it.Text, err = in.text()
		return true, err
	case opFunctionPreGA:
		return false, r.foreign("functions in the form of a release candidate of Redis 7")
	case opModuleAux:
		return false, r.moduleAux()
	case opSlotInfo:
		return false, in.counts(3) // slot, keys, keys with a deadline: hints
	case opSlotImport:
		return false, r.slotImport()
	}
	return false, r.end()
}

// prefix reads what stands before a key.
func (r *Reader) prefix(it *Item, code byte) error {
	switch code {
	case opExpire:
		b, err := r.in.take(4)
		if err != nil {
			return err
		}
		it.ExpireAt = int64(int32(binary.LittleEndian.Uint32(b))) * 1000
	case opExpireMs:
		b, err := r.in.take(8)
		if err != nil {
			return err
		}
		it.ExpireAt = int64(binary.LittleEndian.Uint64(b))
	case opIdle:
		n, err := r.in.count()
		if err != nil {
			return err
		}
		it.Idle = int64(min(n, 1<<62))
	case opFreq:
		n, err := r.in.byte()
		if err != nil {
			return err
		}
		it.Freq = int(n)
	}
	return nil
}

// databaseMax bounds the number of a database to what CONFIG allows to have.
const databaseMax = 1<<31 - 1

func (r *Reader) selectDB() error {
	n, err := r.in.count()
	if err == nil && n > databaseMax {
		err = r.in.corrupt("database %d", n)
	}
	r.db = int(n)
	return err
}

// slotImport skips the state of a cluster's slots that were coming in when the file was written.
func (r *Reader) slotImport() error {
	in := &r.in
	name, err := in.text()
	if err != nil {
		return err
	}
	if len(name) != slotJobNameBytes {
		return in.corrupt("Invalid slot import job name length: %d", len(name))
	}
	ranges, err := in.count()
	for ; ranges > 0 && err == nil; ranges-- {
		err = in.counts(2)
	}
	return err
}

const slotJobNameBytes = 40

// moduleAux skips a module's own data where nothing is loaded, and refuses it where something is.
func (r *Reader) moduleAux() error {
	id, err := r.in.count()
	if err != nil {
		return err
	}
	if !r.o.WalkOnly {
		return r.foreign("data of the module %q", moduleName(id))
	}
	if err := r.in.counts(2); err != nil {
		return err
	}
	return r.in.moduleValue()
}

// end checks the checksum.
func (r *Reader) end() error {
	r.stage = stageEnd
	if !r.version.Summed() {
		return nil
	}
	sum := r.in.sumUp()
	r.in.checksum = false
	b, err := r.in.take(tailBytes)
	if err != nil {
		return err
	}
	told := binary.LittleEndian.Uint64(b)
	r.zeroSum = told == 0
	if told != 0 && !r.o.IgnoreChecksum && told != sum {
		return r.in.corruptBy(CorruptChecksum, "the checksum is %016x, the file says %016x", sum, told)
	}
	return nil
}
