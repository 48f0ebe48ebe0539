package engine

import (
	"slices"

	"valkey/frontend/session"
)

// watchTable finds the clients that watch a key: one map a database.
type watchTable struct {
	byDB    map[int]map[string]*watchers
	keys    int // in all databases
	clients int // with at least one watch
}

// watchers are the watches of one key; each knows its place.
type watchers struct{ list []*session.Watch }

func (t *watchTable) any() bool { return t.keys > 0 }

// WatchCounts gives the clients that watch and the keys that are watched, for INFO.
func (e *Engine) WatchCounts() (clients, keys int) { return e.watched.clients, e.watched.keys }

// Watch makes the client's next EXEC fail if the key changes before it.
func (c *Call) Watch(k KeyName) {
	cl, t := c.Client, &c.watched
	cl.MultiUsed = true
	of := t.byDB[cl.DB][string(k.Name)]
	if of.watchedBy(cl, k.Name) {
		return
	}
	if of == nil {
		of = t.add(cl.DB, string(k.Name))
	}
	if len(cl.Watched) == 0 {
		t.clients++
	}
	en := c.DB.Find(k.Name, k.Hash)
	w := &session.Watch{
		Client: cl, DB: cl.DB, Key: string(k.Name), Place: len(of.list), Expired: en.Exists() && c.Expired(en),
	}
	of.list = append(of.list, w)
	cl.Watched = append(cl.Watched, w)
	cl.WatchedBytes += len(w.Key) + watchBytes
}

// watchBytes is what one watch costs beside its key, for the accounting of client memory.
const watchBytes = 112

// watchedBy looks where there is less to look through: a client may watch many keys, a key may be watched by many.
func (of *watchers) watchedBy(cl *session.Client, key []byte) bool {
	if of == nil {
		return false
	}
	if len(of.list) < len(cl.Watched) {
		return slices.ContainsFunc(of.list, func(w *session.Watch) bool { return w.Client == cl })
	}
	return slices.ContainsFunc(cl.Watched, func(w *session.Watch) bool { return w.DB == cl.DB && w.Key == string(key) })
}

func (t *watchTable) add(db int, key string) *watchers {
	if t.byDB == nil {
		t.byDB = make(map[int]map[string]*watchers)
	}
	if t.byDB[db] == nil {
		t.byDB[db] = make(map[string]*watchers)
	}
	of := &watchers{}
	t.byDB[db][key] = of
	t.keys++
	return of
}

func (t *watchTable) remove(w *session.Watch) {
	of := t.byDB[w.DB][w.Key]
	last := len(of.list) - 1
	moved := of.list[last]
	of.list[w.Place], moved.Place = moved, w.Place
	of.list[last] = nil
	of.list = of.list[:last]
	if last > 0 {
		return
	}
	t.keys--
	delete(t.byDB[w.DB], w.Key)
	if len(t.byDB[w.DB]) == 0 {
		delete(t.byDB, w.DB)
	}
}

// Unwatch drops all watches of a client.
func (e *Engine) Unwatch(cl *session.Client) {
	if len(cl.Watched) == 0 {
		return
	}
	for _, w := range cl.Watched {
		e.watched.remove(w)
	}
	e.watched.clients--
	cl.Watched = nil
	cl.WatchedBytes = 0
}

// touchWatched marks the transactions of all who watch a key that has changed.
func (e *Engine) touchWatched(db int, name []byte) {
	of := e.watched.byDB[db][string(name)]
	if of == nil {
		return
	}
	for _, w := range slices.Clone(of.list) {
		if w.Expired && !e.exists(db, name) {
			w.Expired = false // it had expired when WATCH was called; its deletion changes nothing
			continue
		}
		if w.Expired {
			break
		}
		spoil(w.Client)
		e.Unwatch(w.Client) // it cannot get worse, and watching costs memory
	}
}

// touchAllWatched marks the transactions of all who watch a key of a database whose content is about to be replaced by
// another's (SWAPDB) or by none (FLUSHDB), as far as the key exists in either.
func (e *Engine) touchAllWatched(db, by int) {
	for name, of := range e.watched.byDB[db] {
		key := []byte(name)
		inOld, inNew := e.exists(db, key), by != none && e.exists(by, key)
		if !inOld && !inNew {
			continue
		}
		for _, w := range of.list {
			switch {
			case w.Expired && !inNew:
				w.Expired = false
			case w.Expired && e.expiredIn(by, key):
				// It stays what it was.
			case !w.Expired && !inOld && e.expiredIn(by, key):
				w.Expired = true
			default:
				spoil(w.Client)
			}
		}
	}
}

// spoil makes a client's EXEC fail for a changed key; what it has queued will never run.
func spoil(cl *session.Client) {
	cl.DirtyCAS = true
	if cl.Multi != nil {
		cl.Multi.Forget()
		cl.QueuedBytes = 0
	}
}

// watchedExpired reports whether a key of the client's expired between WATCH and now.
func (e *Engine) watchedExpired(cl *session.Client) bool {
	for _, w := range cl.Watched {
		if !w.Expired && e.expiredIn(w.DB, []byte(w.Key)) {
			return true
		}
	}
	return false
}

func (e *Engine) exists(db int, name []byte) bool {
	return e.Store.DB(db).Find(name, e.Store.Hash(name)).Exists()
}

func (e *Engine) expiredIn(db int, name []byte) bool {
	en := e.Store.DB(db).Find(name, e.Store.Hash(name))
	return en.Exists() && e.Expired(en)
}
