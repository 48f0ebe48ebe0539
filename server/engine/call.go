package engine

import (
	"bytes"

	"valkey/configs"
	"valkey/frontend/session"
	"valkey/internal/invariant"
	"valkey/store"
)

// Call is one command being executed: what a handler sees. It is valid until the handler returns.
type Call struct {
	session.Call
	*Engine
	DB *store.DB

	run          Handler
	hash         uint64 // of the first key, computed ahead of execution
	hashed       bool
	retry        bool // runs again after a wait
	blockedAgain bool // and found nothing: it waits on
	noEffect     bool
	effects      int       // effects recorded in place of the command itself
	touchedAt    []KeyName // under invariants: keys reached through the doors
}

// KeyName is a key of a call with its hash.
type KeyName struct {
	Name []byte
	Hash uint64
}

// Key gives the key at argument i.
func (c *Call) Key(i int) KeyName {
	if c.hashed && i == c.Cmd.FirstKey {
		return KeyName{c.Argv[i], c.hash}
	}
	return c.KeyOf(c.Argv[i])
}

// KeyOf gives the key of a name that is no plain argument.
func (c *Call) KeyOf(name []byte) KeyName { return KeyName{name, c.Store.Hash(name)} }

// Read is the door for reading: the live entry at a key, or the zero Entry. It counts hit or miss and touches the
// entry's LRU or LFU unless the client asked not to (CLIENT NO-TOUCH).
func (c *Call) Read(k KeyName) store.Entry {
	en := c.Look(k)
	if en.Exists() {
		c.touch(en)
	}
	return en
}

// Look is Read that leaves the LRU or LFU alone: for EXISTS, TYPE and TTL, which ask about a key and do not use its
// value.
func (c *Call) Look(k KeyName) store.Entry {
	en := c.Peek(k)
	if !en.Exists() {
		c.Stats.KeyspaceMisses++
		c.Event(configs.NotifyKeyMiss, "keymiss", k)
		return en
	}
	c.Stats.KeyspaceHits++
	return en
}

// Peek is Read without any trace: no statistics, no event, no LRU.
func (c *Call) Peek(k KeyName) store.Entry { return c.lookup(c.DB, k) }

// Find is the door for writing: the live entry at a key, or the zero Entry. An expired one is deleted for good.
func (c *Call) Find(k KeyName) store.Entry { return c.find(c.DB, k) }

// FindIn is Find in another database.
func (c *Call) FindIn(db int, k KeyName) store.Entry { return c.find(c.Store.DB(db), k) }

func (c *Call) find(db *store.DB, k KeyName) store.Entry {
	en := c.lookup(db, k)
	if en.Exists() {
		c.touch(en)
	}
	return en
}

// ReadString is Read for a key that must hold a string or nothing.
func (c *Call) ReadString(k KeyName) (store.Entry, error) { return mustBeString(c.Read(k)) }

// FindString is Find for a key that must hold a string or nothing.
func (c *Call) FindString(k KeyName) (store.Entry, error) { return mustBeString(c.Find(k)) }

func mustBeString(en store.Entry) (store.Entry, error) {
	if en.Exists() && en.Type() != store.String {
		return store.Entry{}, ErrWrongType
	}
	return en, nil
}

func (c *Call) touch(en store.Entry) {
	if c.Client.NoTouch && c.Cmd.Name != "touch" {
		return
	}
	en.Touch()
}

func (c *Call) lookup(db *store.DB, k KeyName) store.Entry {
	if invariant.Enabled {
		c.touchedAt = append(c.touchedAt, k)
	}
	en := db.Find(k.Name, k.Hash)
	if en.Exists() && c.Hidden(en) {
		c.expired(db.ID(), k)
		return store.Entry{}
	}
	return en
}

// Live reports whether an entry that a walk through the database found is there for this client. One whose time has
// passed is deleted, as Read would; the walk may go on.
func (c *Call) Live(en store.Entry) bool {
	if !c.Hidden(en) {
		return true
	}
	c.expired(c.Client.DB, c.KeyOf(bytes.Clone(en.Key()))) // the name dies with the entry
	return false
}

// SetString stores a string in place of what Find has just returned for the key, a value of any type or nothing.
// expireAt is Unix milliseconds, store.NoExpire or store.KeepTTL.
func (c *Call) SetString(k KeyName, found store.Entry, value []byte, expireAt int64) store.Entry {
	if found.Exists() {
		found = c.DB.Overwrite(found, k.Hash, value, expireAt)
	} else {
		found = c.DB.Insert(k.Name, k.Hash, value, expireAt)
		c.Created(k)
	}
	c.Modified(k)
	return found
}

// Created announces a key that did not exist before. SetString calls it; a handler that adds a key otherwise does so
// itself.
func (c *Call) Created(k KeyName) { c.Event(configs.NotifyNew, "new", k) }

// Delete removes a key and reports whether it was there; the value of a big one is freed in slices later.
func (c *Call) Delete(k KeyName) bool {
	if !c.DB.Unlink(k.Name, k.Hash) {
		return false
	}
	c.Modified(k)
	return true
}

// Modified tells everyone concerned that the value at a key has changed: transactions that watch it, clients that
// wait for it, the count of changes. Every door that writes calls it; a handler that changes a value in place does
// so itself.
func (c *Call) Modified(k KeyName) { c.modified(c.Client.DB, k.Name) }

// ModifiedIn is Modified for a key of another database.
func (c *Call) ModifiedIn(db int, k KeyName) { c.modified(db, k.Name) }

// Touched is Modified for a further key of a change that counts as one, such as the other name of RENAME.
func (c *Call) Touched(db int, k KeyName) { c.signal(db, k.Name) }

func (e *Engine) modified(db int, name []byte) {
	e.Dirty++
	if e.Gated(GateReplica) {
		e.noteOwn(db, name)
	}
	e.signal(db, name)
}

// signal is modified for what is no client's change: a key that expired or was evicted.
func (e *Engine) signal(db int, name []byte) {
	if e.watched.any() {
		e.touchWatched(db, name)
	}
	if e.blocked.anyKeys() {
		e.blocked.signal(db, name)
	}
}

// Event publishes a keyspace event about a key of the current database, if notify-keyspace-events wants its class.
func (c *Call) Event(class configs.NotifyFlags, event string, k KeyName) {
	if c.Config.NotifyKeyspaceEvents&class != 0 {
		c.notify(class, event, k.Name, c.Client.DB)
	}
}

// EventIn is Event for a key of another database.
func (c *Call) EventIn(db int, class configs.NotifyFlags, event string, k KeyName) {
	if c.Config.NotifyKeyspaceEvents&class != 0 {
		c.notify(class, event, k.Name, db)
	}
}

// Retrying is true when the command runs again because what it waited for may have come.
func (c *Call) Retrying() bool { return c.retry }

// SelectDB changes the client's database.
func (c *Call) SelectDB(db int) {
	c.Client.DB = db
	c.DB = c.Store.DB(db)
}
