package snapshot

import (
	"fmt"
	"io"
	"sync"

	"valkey/internal/vfs"
	"valkey/store/rdb"
)

// spiller moves drafts of old values out of memory while Out takes nothing. What it wrote is copied to the end of the
// snapshot.
type spiller struct {
	job   *Job
	wake  chan struct{} // capacity 1: there is too much in memory
	stop  chan struct{}
	ended chan struct{}
	once  sync.Once

	// Of its goroutine, and of whoever has called end.
	file  vfs.File
	enc   *rdb.Sealer
	bytes int64
}

func (s *spiller) start(j *Job) {
	s.job = j
	s.wake, s.stop, s.ended = make(chan struct{}, 1), make(chan struct{}), make(chan struct{})
	go s.run() // the job's own; it ends with stop, or when the job has failed
}

// end waits for the goroutine. It may be called again.
func (s *spiller) end() {
	s.once.Do(func() { close(s.stop) })
	<-s.ended
}

func (s *spiller) run() {
	defer close(s.ended)
	for {
		select {
		case <-s.stop:
			return
		case <-s.job.quit:
			return
		case <-s.wake:
			if err := s.drain(); err != nil {
				s.job.fail(err)
				return
			}
		}
	}
}

// drain writes drafts to the file until few are left in memory.
func (s *spiller) drain() error {
	j := s.job
	for j.queue.bytes.Load() > j.o.limits.spillFrom/2 || j.queue.pinned.Load() > PinnedBytesMax/4 {
		c := j.queue.newest()
		if c == nil {
			return nil
		}
		err := s.spill(c)
		j.done(c)
		if err != nil {
			return err
		}
		j.encoded.Add(int64(c.keys))
	}
	return nil
}

func (s *spiller) spill(c *chunk) error {
	if s.file == nil {
		if err := s.open(); err != nil {
			return fmt.Errorf("snapshot: spill: %w", err)
		}
	}
	if err := s.enc.Seal(c.draft); err != nil {
		return fmt.Errorf("snapshot: spill: %w", err)
	}
	if s.enc.Written() > s.job.o.limits.spill {
		return ErrSpillFull
	}
	return nil
}

// open makes the file and takes its name away again: it goes with the process, however that ends.
func (s *spiller) open() error {
	fsys, name := s.job.o.FS, s.job.o.Spill
	f, err := fsys.Create(name, 0o600)
	if err != nil {
		return err
	}
	s.file, s.enc = f, s.job.newSealer(f)
	return fsys.Remove(name)
}

// copyTo adds what was spilled to the snapshot.
func (s *spiller) copyTo(to *rdb.Sealer) error {
	if s.file == nil {
		return nil
	}
	if err := s.enc.Flush(); err != nil {
		return fmt.Errorf("snapshot: spill: %w", err)
	}
	s.bytes = s.enc.Written()
	buf := make([]byte, rawBytes)
	for at := int64(0); at < s.bytes && s.job.failed.Load() == nil; {
		n, err := s.file.ReadAt(buf[:min(int64(len(buf)), s.bytes-at)], at)
		if n == 0 && err != nil {
			if err == io.EOF { //nolint:errorlint // ReadAt gives io.EOF itself
				err = io.ErrUnexpectedEOF
			}
			return fmt.Errorf("snapshot: spill: %w", err)
		}
		if err := to.Raw(buf[:n]); err != nil {
			return err
		}
		at += int64(n)
	}
	return nil
}

func (s *spiller) close() {
	if s.file != nil {
		_ = s.file.Close() // it has no name any more: nothing is lost
	}
}
