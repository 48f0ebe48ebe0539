package server

import (
	"fmt"
	"io"
	"path/filepath"
	"sync/atomic"

	"valkey/configs"
	"valkey/server/repl/link"
	"valkey/server/snapshot"
	"valkey/store"
	"valkey/store/rdb"
)

// Load is link.Follower's: the copy replaces the data. It goes into a file first, or, where repl-diskless-load says so,
// straight into memory.
func (u *upstream) Load(p *link.Payload) error {
	s := u.s
	direct := false
	if err := u.locked(func() error {
		u.syncTotal = p.Size
		direct = s.loadsDirectly()
		return nil
	}); err != nil {
		return err
	}
	how := map[bool]string{false: "disk", true: "parser"}[direct]
	if p.Size > 0 {
		s.note("PRIMARY <-> REPLICA sync: receiving %d bytes from primary to %s", p.Size, how)
	} else {
		s.note("PRIMARY <-> REPLICA sync: receiving streamed RDB from primary with EOF to %s", how)
	}
	received, err := u.examine(&counted{from: p, counts: [2]*atomic.Int64{&u.syncRead, &s.inputBytes}})
	switch {
	case err != nil:
	case direct:
		p.Loading()
		err = u.loadStream(received, p)
	default:
		err = u.loadByFile(received, p)
	}
	if err != nil {
		return fmt.Errorf("server: full synchronization: %w", err)
	}
	return nil
}

// counted is a reader with counters of what it has read.
type counted struct {
	from   io.Reader
	counts [2]*atomic.Int64
}

func (c *counted) Read(b []byte) (int, error) {
	n, err := c.from.Read(b)
	for _, count := range c.counts {
		count.Add(int64(n))
	}
	return n, err
}

// loadsDirectly reports whether a copy goes into memory without a file between.
func (s *Server) loadsDirectly() bool {
	switch s.config.ReplDisklessLoad {
	case configs.DisklessLoadSwapDB, configs.DisklessLoadFlush:
		return true
	case configs.DisklessLoadOnEmptyDB:
		return s.keyCount() == 0
	case configs.DisklessLoadDisabled:
	}
	return false
}

func (s *Server) keyCount() (n int) {
	for db := range s.store.Each {
		n += db.Len()
	}
	return n
}

// loadByFile receives the copy into a file, makes that the data file, and loads it.
func (u *upstream) loadByFile(r io.Reader, p *link.Payload) error {
	s := u.s
	var c copyFile
	var persistent bool
	if err := u.locked(func() error {
		c = copyFile{fs: s.fs, temp: s.tempFile(), name: s.dataFile(), syncBytes: receivedSync}
		persistent = len(s.config.Save) > 0 || s.config.Appendonly || !s.config.RdbDelSyncFiles
		return nil
	}); err != nil {
		return err
	}
	f, err := c.receive(r)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // nothing is written to it
	// A save that is under way would put older data in place of the copy.
	if err := u.locked(func() error { s.abortJobs(errKilled); return nil }); err != nil {
		c.drop()
		return err
	}
	if err := c.install(); err != nil {
		s.warn("Failed trying to rename the temp DB into %s in PRIMARY <-> REPLICA synchronization: %s",
			filepath.Base(c.name), configs.Strerror(err))
		return err
	}
	p.Loading()
	err = u.replaceData(f, u.syncRead.Load(), false, c.name, func() error { return nil })
	if !persistent {
		s.note("Removing the RDB file obtained from the primary. This replica has persistence disabled")
		_ = s.fs.Remove(c.name) // it is of no further use, and no harm
	}
	return err
}

// loadStream loads a copy as it comes.
func (u *upstream) loadStream(r io.Reader, p *link.Payload) error {
	beside := false
	if err := u.locked(func() error {
		beside = u.s.config.ReplDisklessLoad == configs.DisklessLoadSwapDB
		return nil
	}); err != nil {
		return err
	}
	return u.replaceData(r, p.Size, beside, "", p.Finish)
}

// replaceData puts a snapshot in place of the data: beside it, which goes on serving, and then all at once; or after
// throwing the old data away. verify has the last word before the snapshot counts. The file that holds it, if one does,
// becomes the base of the append-only file.
func (u *upstream) replaceData(r io.Reader, size int64, beside bool, file string, verify func() error,
) error {
	s := u.s
	var o snapshot.LoadOptions
	var aside *store.Aside
	begun := false
	if err := u.locked(func() error {
		s.stopAOF()
		s.abortJobs(errKilled)
		o = s.loadOptions(r, size)
		o.Quit = u.ctx.Done()
		o.Locked = func(f func()) {
			s.holding(func() {
				if s.upstream == u { // else nothing may change any more
					f()
				}
			})
		}
		if beside {
			aside = s.store.Aside()
			o.Into = aside
		}
		o.Begin = func() {
			begun = true
			if beside {
				// Old data is of the same history if that is the one that is copied, only of an earlier time.
				s.beginLoading(size, u.sync.ID == s.history.ID())
				return
			}
			s.forgetHistory()
			s.flushForLoad()
			s.beginLoading(size, false)
		}
		return nil
	}); err != nil {
		return err
	}
	s.note("PRIMARY <-> REPLICA sync: Loading DB in memory")
	loaded, err := s.loadStream(o)
	if err == nil {
		err = verify()
	}
	if err != nil {
		from := map[bool]string{false: "disk", true: "socket"}[file == ""]
		s.log.Warn().Err(err).Msg("Failed trying to load the PRIMARY synchronization DB from " + from)
	}
	end := func() error {
		if begun {
			s.endLoading()
		}
		if err == nil && s.upstream != u {
			err = errReplaced
		}
		if err != nil {
			u.discard(aside, begun, err)
			return err
		}
		if aside != nil {
			s.forgetHistory()
			s.note("PRIMARY <-> REPLICA sync: Swapping active DB with loaded DB")
			s.engine.Exchange(aside)
			aside.Drop(true)
		}
		u.adopt(loaded)
		return nil
	}
	withLog := false
	s.locked(func() {
		withLog = err == nil && file != "" && s.config.Appendonly && s.config.AofUseRdbPreamble && !s.appending.on
		if !withLog && end() == nil {
			s.restartAOF()
		}
	})
	if withLog && !s.adoptWithLog(&copied{name: file, adopt: end, done: make(chan struct{})}) {
		return errReplaced
	}
	return err
}

// discard clears up behind a copy that could not be loaded.
func (u *upstream) discard(aside *store.Aside, begun bool, err error) {
	s := u.s
	switch {
	case aside != nil:
		aside.Drop(true)
		s.note("PRIMARY <-> REPLICA sync: Discarding temporary DB in background")
	case rdb.Refused(err) || !begun:
		s.note("PRIMARY <-> REPLICA sync: the copy is of a version that cannot be read, the old data stays")
	default:
		s.note("PRIMARY <-> REPLICA sync: Discarding the half-loaded data")
		for db := range s.store.Each {
			s.engine.Flush(db.ID(), s.config.ReplicaLazyFlush)
		}
	}
}

// adopt makes the primary's history this server's, once its data is.
func (u *upstream) adopt(loaded snapshot.Loaded) {
	s := u.s
	if u.legacy || u.sync.ID == "" {
		u.legacy = true
		s.history.Renew()
	} else {
		s.history.Adopt(u.sync.ID, u.sync.Offset)
	}
	s.history.Activate()
	s.resumption = resumption{possible: !u.legacy, db: u.sync.DB}
	if u.sync.DB == link.NoDB || u.sync.DB >= s.store.Databases() {
		s.resumption.db = s.databaseNamed(loaded.Aux)
	}
	s.saving.functions = loaded.Functions
	s.feeding.emptyStart = false
	s.engine.Dirty++ // a change that no save has seen
	s.note("PRIMARY <-> REPLICA sync: Finished with success")
}

// forgetHistory makes everybody who copies this server begin anew, as its data does.
func (s *Server) forgetHistory() {
	s.resumption = resumption{}
	s.dropReplicas()
	s.history.Stop()
}
