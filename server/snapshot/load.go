package snapshot

import (
	"errors"
	"fmt"
	"io"
	"time"

	"valkey/store"
	"valkey/store/rdb"
)

// ErrDuplicate means that a key came twice: the data may be anything.
var ErrDuplicate = errors.New("duplicated key")

// ErrDatabases means that there are fewer databases than the snapshot has.
var ErrDatabases = errors.New("more databases than are configured")

// Databases is where keys are loaded into: a *store.Store or a *store.Aside.
type Databases interface{ DB(i int) *store.DB }

// LoadOptions say what is loaded, and how.
type LoadOptions struct {
	R    io.Reader
	Size int64 // of R, 0 if not known
	Read rdb.ReadOptions
	// Store is whose keys they become, Into where they go.
	Store *store.Store
	Into  Databases
	// Locked runs a function under the engine lock.
	Locked func(func())
	// Begin is called under the lock when the head of the snapshot is accepted, and nothing stored yet; Aux for every
	// field of the head, not under the lock; Progress under it, with the bytes that have been read; Expired under it
	// for every key that is dropped. Each may be nil.
	Begin    func()
	Aux      func(name, value string)
	Progress func(bytes, keys, expired int64)
	Expired  func(db int, key []byte)

	KeepExpired bool  // as replicas do: their primary deletes
	NowMs       int64 // what is due by then has expired
	Replace     bool  // keys that exist, rather than fail
	// KeyDelay slows the load down for tests, as Options.KeyDelay does; nil does not. It is asked again and again.
	KeyDelay func() int64
	// Quit, when closed, ends the load with ErrAborted.
	Quit <-chan struct{}
}

// Loaded is what a load has brought, beside the keys.
type Loaded struct {
	Version   rdb.Version
	Aux       map[string]string
	Functions [][]byte
	Keys      int64
	Expired   int64  // dropped
	Bytes     int64  // of the snapshot
	Rest      []byte // what was read behind its end
	Unsummed  bool   // it has no checksum
}

// Load reads a snapshot. A goroutine decodes, batches are stored under the lock. On an error, keys may have been stored
// already, unless rdb.Refused says that the head was not even accepted.
func Load(o LoadOptions) (Loaded, error) {
	l := &loader{
		o: o, r: rdb.NewReader(o.R, o.Read), loaded: Loaded{Aux: map[string]string{}},
		full: make(chan *batch, loadBatches), free: make(chan *batch, loadBatches+2), quit: make(chan struct{}),
	}
	err := l.r.Begin()
	l.loaded.Version = l.r.Version()
	if err != nil {
		return l.loaded, err
	}
	if o.Begin != nil {
		o.Locked(o.Begin)
	}
	go l.decode() // Load's own, which waits for it; it ends with the input or with quit
	err = l.storeAll()
	close(l.quit)
	for range l.full { // until the goroutine has closed it
		continue
	}
	l.loaded.Bytes, l.loaded.Unsummed = l.r.Offset(), l.r.Unsummed()
	l.loaded.Rest = l.r.Rest()
	return l.loaded, err
}

type loader struct {
	o      LoadOptions
	r      *rdb.Reader
	loaded Loaded
	full   chan *batch   // decoded; the goroutine waits when the lock's side is loadBatches behind
	free   chan *batch   // to be used again
	quit   chan struct{} // closed when nobody takes batches any more
}

// batch is what is stored in one go.
type batch struct {
	items  []rdb.Item
	hashes []uint64 // of the keys
	offset int64    // in the input, behind the batch
	err    error    // that ended the input behind the batch; io.EOF is its end
}

func (l *loader) decode() {
	defer close(l.full)
	for {
		var b *batch
		select {
		case b = <-l.free:
			clear(b.items)
			b.items, b.hashes = b.items[:0], b.hashes[:0]
		default:
			b = &batch{items: make([]rdb.Item, 0, batchKeys), hashes: make([]uint64, 0, batchKeys)}
		}
		l.fill(b)
		b.offset = l.r.Offset()
		select {
		case l.full <- b:
		case <-l.quit:
			return
		}
		if b.err != nil {
			return
		}
	}
}

func (l *loader) fill(b *batch) {
	limit, delay := batchKeys, int64(0)
	if l.o.KeyDelay != nil {
		if delay = l.o.KeyDelay(); delay > 0 {
			limit = 1
		}
	}
	start := l.r.Offset()
	for len(b.items) < limit && l.r.Offset()-start < batchBytes {
		it, err := l.r.Next()
		if err != nil {
			b.err = err
			return
		}
		var hash uint64
		if it.Kind == rdb.ItemKey {
			hash = l.o.Store.Hash(it.Key)
			pause(delay, 1, l.quit)
		}
		b.items = append(b.items, it)
		b.hashes = append(b.hashes, hash)
	}
}

// storeAll stores batch after batch.
func (l *loader) storeAll() error {
	for {
		var b *batch
		select {
		case b = <-l.full:
		case <-l.o.Quit:
			return ErrAborted
		}
		if err := l.heads(b); err != nil {
			return err
		}
		var err error
		l.o.Locked(func() {
			err = l.store(b)
			if l.o.Progress != nil {
				l.o.Progress(b.offset, l.loaded.Keys, l.loaded.Expired)
			}
		})
		switch {
		case err != nil:
			return err
		case errors.Is(b.err, io.EOF):
			return nil
		case b.err != nil:
			return b.err
		}
		select {
		case l.free <- b:
		default:
		}
	}
}

// heads takes what is no key and needs no lock.
func (l *loader) heads(b *batch) error {
	for i := range b.items {
		switch it := &b.items[i]; it.Kind {
		case rdb.ItemAux:
			name, value := string(it.Name), string(it.Text)
			l.loaded.Aux[name] = value
			if l.o.Aux != nil {
				l.o.Aux(name, value)
			}
		case rdb.ItemFunction:
			l.loaded.Functions = append(l.loaded.Functions, it.Text)
		case rdb.ItemSelectDB, rdb.ItemResizeDB, rdb.ItemKey:
			if it.DB >= l.o.Store.Databases() {
				return fmt.Errorf("snapshot: database %d: %w", it.DB, ErrDatabases)
			}
		}
	}
	return nil
}

// store stores a batch; the lock is held.
func (l *loader) store(b *batch) error {
	for i := range b.items {
		if ahead := i + prefetchAhead; ahead < len(b.items) && b.items[ahead].Kind == rdb.ItemKey {
			l.o.Into.DB(b.items[ahead].DB).Prefetch(b.hashes[ahead])
		}
		switch it := &b.items[i]; it.Kind {
		case rdb.ItemKey:
			if err := l.put(it, b.hashes[i]); err != nil {
				return err
			}
		case rdb.ItemResizeDB:
			l.o.Into.DB(it.DB).Reserve(l.expected(it.Keys), l.expected(it.Volatile))
		case rdb.ItemAux, rdb.ItemFunction, rdb.ItemSelectDB:
		}
	}
	return nil
}

// expected is how many keys are made room for: what a snapshot says is only believed as far as it can be true.
func (l *loader) expected(n uint64) int {
	if l.o.Size > 0 {
		return int(min(n, uint64(l.o.Size/keyBytesMin)))
	}
	return int(min(n, reserveKeysMax))
}

func (l *loader) put(it *rdb.Item, hash uint64) error {
	if !l.o.KeepExpired && it.ExpireAt != store.NoExpire && it.ExpireAt < l.o.NowMs {
		l.loaded.Expired++
		if l.o.Expired != nil {
			l.o.Expired(it.DB, it.Key)
		}
		return nil
	}
	db := l.o.Into.DB(it.DB)
	e := it.Put(db, hash)
	if !e.Exists() && l.o.Replace {
		db.Delete(it.Key, hash)
		e = it.Put(db, hash)
	}
	if !e.Exists() {
		return fmt.Errorf("snapshot: %w %q in database %d", ErrDuplicate, it.Key, it.DB)
	}
	l.loaded.Keys++
	return nil
}

// pause slows work on some keys down: microseconds a key, or a microsecond every that many keys if negative.
func pause(delay int64, keys int, quit <-chan struct{}) {
	d := time.Duration(delay) * time.Microsecond * time.Duration(keys)
	if delay < 0 {
		d = rareMicroseconds(-delay, keys)
	}
	if d == 0 {
		return
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-quit:
	}
}
