package store

const (
	// A round of active expiry looks at so many keys of a database, and a quarter more for each step of effort above 1.
	expireRoundKeys = 20
	// It goes on with a database while more than this share of them had expired, one percent less for each step of effort.
	expireStalePercent = 10
	// EffortMax is the highest value of active-expire-effort.
	EffortMax = 10

	expireDatabases     = 16 // databases visited in one call, unless the one before ran out of time
	expireBucketsPerKey = 10 // how many buckets are searched for each key that a round wants
	expireRoundsPerLook = 16 // rounds between two looks at the clock
	expireStaleWeight   = 0.05
	expireTTLWeight     = 0.02
	percent             = 100
)

// expiry is where active expiry stands between two calls.
type expiry struct {
	next     int     // database
	overtime bool    // the last call ran out of time
	stale    float64 // running average of the share of sampled keys that had expired, in percent
}

// ExpireCycle says how one call of ActiveExpire goes about it.
type ExpireCycle struct {
	Fast   bool // a short call between two batches: only if the last one left work behind
	Effort int  // 1 to EffortMax

	// Overtime is asked now and then whether the call has taken long enough.
	Overtime func() bool
	// Expired is given each key found expired. It deletes the entry, and may write nothing else to the store.
	Expired func(*DB, Entry)
}

// ExpireResult is what a call of ActiveExpire did.
type ExpireResult struct {
	Sampled, Expired int
	Overtime         bool // it ended because time was up
}

// ActiveExpire looks for keys whose deadline is before now (milliseconds), going on where the last call ended. It
// keeps to a database while many of the keys that it sees have expired, so that few dead keys remain, and stops when
// Overtime says so.
func (s *Store) ActiveExpire(now int64, c ExpireCycle) ExpireResult {
	effort := min(max(c.Effort, 1), EffortMax) - 1
	acceptable := expireStalePercent - effort
	keys := expireRoundKeys + expireRoundKeys/4*effort
	var res ExpireResult
	if c.Fast && !s.expiry.overtime && s.expiry.stale < float64(acceptable) {
		return res
	}
	databases := expireDatabases
	if s.expiry.overtime {
		databases = len(s.dbs)
	}
	s.expiry.overtime = false
	rounds := 0
	for range s.dbs {
		if databases == 0 || res.Overtime {
			break
		}
		db := s.dbs[s.expiry.next%len(s.dbs)]
		s.expiry.next++ // now, so that the next call takes the next one even when this one runs out of time
		if db == nil {
			continue
		}
		if db.Volatile() == 0 {
			db.ttlMs = 0
			continue
		}
		databases--
		for again := true; again && !res.Overtime; {
			r := db.expireRound(now, keys, c.Expired)
			res.Sampled += r.sampled
			res.Expired += r.expired
			again = !r.wrapped && db.Volatile() > 0 && (r.sampled == 0 || r.expired*percent/r.sampled > acceptable)
			rounds++
			res.Overtime = rounds%expireRoundsPerLook == 0 && c.Overtime()
		}
	}
	s.expiry.overtime = res.Overtime
	share := 0.0
	if res.Sampled > 0 {
		share = percent * float64(res.Expired) / float64(res.Sampled)
	}
	s.expiry.stale += (share - s.expiry.stale) * expireStaleWeight
	return res
}

// expireRound is a look at some keys of one database.
type expireRound struct {
	sampled, expired int
	wrapped          bool // the end of the database was passed
}

func (db *DB) expireRound(now int64, keys int, expired func(*DB, Entry)) expireRound {
	var r expireRound
	keys = min(keys, db.Volatile())
	live, ttlSum := 0, int64(0)
	for buckets := keys * expireBucketsPerKey; buckets > 0 && r.sampled < keys && !r.wrapped; buckets-- {
		db.cursor = db.ScanVolatile(db.cursor, func(e Entry) {
			r.sampled++
			ttl := e.ExpireAt() - now
			if ttl < 0 {
				r.expired++
				expired(db, e)
			} else if ttl > 0 {
				live++
				ttlSum += ttl
			}
		})
		r.wrapped = db.cursor == 0
	}
	if live > 0 {
		average := float64(ttlSum) / float64(live)
		if db.ttlMs == 0 {
			db.ttlMs = average
		} else {
			db.ttlMs += (average - db.ttlMs) * expireTTLWeight
		}
	}
	return r
}

// AverageTTL returns the running average of the time to live of the keys with a deadline, in milliseconds; 0 when
// unknown.
func (db *DB) AverageTTL() int64 { return int64(db.ttlMs) }

// StalePercent estimates how many of the keys with a deadline have expired but are still there.
func (s *Store) StalePercent() float64 { return s.expiry.stale }
