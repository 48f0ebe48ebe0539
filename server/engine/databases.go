package engine

import "valkey/store"

// Flush empties a database and returns how many keys it had. With lazy, their memory is freed in slices later.
func (e *Engine) Flush(db int, lazy bool) int {
	e.touchAllWatched(db, none)
	n := e.Store.DB(db).Flush(lazy)
	e.own.forget(db)
	e.Dirty += int64(n)
	return n
}

// SwapDB exchanges the contents of two databases. Clients stay where they are: whoever watches a key sees it change,
// and whoever waits for one may find it now.
func (e *Engine) SwapDB(a, b int) {
	e.Dirty++
	if a == b {
		return
	}
	e.touchAllWatched(a, b)
	e.touchAllWatched(b, a)
	e.Store.Swap(a, b)
	e.signalDB(a)
	e.signalDB(b)
}

// Exchange puts the contents of a second set of databases in place of the live ones, whose contents it takes.
func (e *Engine) Exchange(a *store.Aside) {
	e.Dirty++
	for db, byName := range e.watched.byDB {
		for name, of := range byName {
			key := []byte(name)
			if !e.exists(db, key) && !a.DB(db).Find(key, e.Store.Hash(key)).Exists() {
				continue
			}
			for _, w := range of.list {
				spoil(w.Client)
			}
		}
	}
	a.Swap()
	for db := range e.Store.Databases() {
		e.signalDB(db)
	}
}

// none is no database.
const none = -1
