package engine

import "time"

// ownDeadlines are keys with a deadline that clients have written to a replica, each with a bit for every database
// that it is in. Keys of a replica go when the primary says so; of these it knows nothing. As in Valkey, databases from
// 64 on are left out. A name stays until the key is found gone, so there are as many as there were such keys.
type ownDeadlines map[string]uint64

const (
	ownDatabases = 64
	// A look at them ends when so many were found whose time has not come, or when it has taken too long, which is asked
	// after each of so many.
	ownAliveMax = 4
	ownPerLook  = 64
	ownSlice    = time.Millisecond
)

// OwnDeadlines is how many keys there are that the replica itself has to expire.
func (e *Engine) OwnDeadlines() int { return len(e.own) }

// noteOwn takes note of a key that was written to a replica, if a client did that and gave it a deadline.
func (e *Engine) noteOwn(db int, name []byte) {
	if e.Config.ReplicaReadOnly || db >= ownDatabases || e.Current() == nil || e.Current().Client.Obeyed {
		return
	}
	if en := e.Store.DB(db).Find(name, e.Store.Hash(name)); !en.Exists() || en.ExpireAt() < 0 {
		return
	}
	if e.own == nil {
		e.own = make(ownDeadlines)
	}
	e.own[string(name)] |= 1 << db
}

// forget is for a database that was emptied: what comes into it may be the primary's.
func (o ownDeadlines) forget(db int) {
	for name, in := range o {
		if in &^= 1 << db; in == 0 {
			delete(o, name)
		} else {
			o[name] = in
		}
	}
}

// expireOwn deletes those whose time has passed. A primary expires all its keys alike.
func (e *Engine) expireOwn() {
	if !e.Gated(GateReplica) {
		e.own = nil
		return
	}
	limit := e.Monotonic() + int64(ownSlice)
	alive, looked := 0, 0
	for name, in := range e.own {
		for db := range min(ownDatabases, e.Store.Databases()) {
			if in&(1<<db) == 0 {
				continue
			}
			key := []byte(name)
			hash := e.Store.Hash(key)
			en := e.Store.DB(db).Find(key, hash)
			if en.Exists() && en.ExpireAt() >= 0 && !e.Expired(en) {
				alive++
				continue
			}
			if en.Exists() && en.ExpireAt() >= 0 {
				e.deleteExpired(db, key, hash)
			}
			in &^= 1 << db
		}
		if in == 0 {
			delete(e.own, name)
		} else {
			e.own[name] = in
		}
		if looked++; alive >= ownAliveMax || looked%ownPerLook == 0 && e.Monotonic() > limit {
			return
		}
	}
}
