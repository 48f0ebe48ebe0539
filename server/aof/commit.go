package aof

import (
	"fmt"
	"time"

	"valkey/internal/vfs"
)

// Commit makes what has been appended until now as safe as the policy promises. It is called outside of the engine
// lock, by any number of goroutines, before replies leave: those that come while one writes find their own bytes
// written with its next write, and with Always all of them share one sync.
func (l *Log) Commit() {
	l.mu.Lock()
	m := &l.mu
	want := m.appended
	var told event
	for l.behind(want) {
		if m.syncing && m.policy == Everysec && l.postpone(&told) {
			break
		}
		if m.busy {
			l.done.Wait()
			continue
		}
		if !l.writeOnce(&told) {
			break // it stays in the buffer and is tried again: the next Commit, at the latest the next tick's
		}
	}
	l.askForSync()
	l.mu.Unlock()
	l.tell(&told)
}

// behind reports whether the stream is not as safe up to a position as a reply requires.
func (l *Log) behind(want int64) bool {
	m := &l.mu
	if m.file == nil {
		return false
	}
	return m.written < want || m.policy == Always && !m.quiet && m.synced < want
}

// postpone reports whether writing had better wait for the sync that is under way, which the kernel would make the
// write wait for. It ends soon, in the background goroutine, which then writes.
func (l *Log) postpone(told *event) bool {
	m := &l.mu
	now := l.o.Now()
	if m.postponed.IsZero() {
		m.postponed = now
	}
	if now.Sub(m.postponed) < postponeMax && m.appended-m.written < bufferMax {
		l.wake()
		return true
	}
	m.delayed++
	told.add(false, "Asynchronous AOF fsync is taking too long (disk is busy?). Writing the AOF buffer without waiting "+
		"for fsync to complete, this may slow down the server.")
	return false
}

// writeOnce writes what is there, and syncs it where the policy says so. The lock is held, and released meanwhile. It
// reports whether that went well.
func (l *Log) writeOnce(told *event) bool {
	l.mu.busy = true
	var ok bool
	if l.mu.change != nil {
		ok = l.exchange(told)
	} else {
		ok = l.writeBuffer(told)
	}
	l.mu.busy = false
	l.done.Broadcast()
	return ok
}

func (l *Log) writeBuffer(told *event) bool {
	m := &l.mu
	p, file, size := m.buf, m.file, m.size
	sync := m.policy == Always && !m.quiet
	duringSync, pause, always, mark := m.syncing, m.pause, m.policy == Always, m.markAppended
	m.buf, m.spare = m.spare[:0], nil
	l.mu.Unlock()

	if pause > 0 && len(p) > 0 {
		time.Sleep(pause)
	}
	start := l.o.Now()
	n, err := write(file, p, size)
	wrote := l.o.Now()
	var syncErr error
	if err == nil && sync {
		syncErr = file.Sync()
	}
	synced := l.o.Now()
	if always && (err != nil || syncErr != nil) {
		l.die(err, syncErr)
	}

	l.mu.Lock()
	l.measure(duringSync, wrote.Sub(start), synced.Sub(wrote), sync)
	m.size += int64(n)
	m.written += int64(n)
	m.postponed = time.Time{}
	if err != nil {
		m.buf = append(p[n:], m.buf...)
		l.writeFailed(err, told)
		return false
	}
	if l.recycle(p); m.writeErr != nil {
		m.writeErr = nil
		told.add(false, "AOF write error looks solved. The server can write again.")
	}
	m.markWritten = mark
	if sync {
		l.syncedUpTo(m.written, mark, told)
		m.lastSync = synced
	}
	return true
}

// write appends p to a file of a known size. If it goes wrong the file is cut back, so that no part of a command stays
// in it; n is what could not be taken back.
func write(file vfs.File, p []byte, size int64) (n int, err error) {
	for n < len(p) && err == nil {
		var wrote int
		wrote, err = file.Write(p[n:])
		n += wrote
	}
	if err != nil && n > 0 && file.Truncate(size) == nil {
		n = 0
	}
	return n, err
}

// die ends the process: the effects are in memory, where others may have seen them, and cannot be made durable.
func (l *Log) die(writeErr, syncErr error) {
	if writeErr != nil {
		l.o.Log(true, fmt.Sprintf("Error writing to the AOF file: %s", reason(writeErr)))
		l.o.Log(true, "Can't recover from AOF write error when the AOF fsync policy is 'always'. Exiting...")
		l.o.Fatal(writeErr)
	}
	l.o.Log(true, fmt.Sprintf("Can't persist AOF for fsync error when the AOF fsync policy is 'always': %s. Exiting...",
		reason(syncErr)))
	l.o.Fatal(syncErr)
	panic("BUG: aof: the process goes on without its log")
}

func (l *Log) writeFailed(err error, told *event) {
	m := &l.mu
	m.writeErr = err
	if now := l.o.Now(); now.Sub(m.toldErr) > errorPeriod {
		m.toldErr = now
		told.add(true, fmt.Sprintf("Error writing to the AOF file: %s", reason(err)))
	}
}

// syncedUpTo takes note of a sync that went well, up to a position and the mark that belongs to it.
func (l *Log) syncedUpTo(position, mark int64, told *event) {
	m := &l.mu
	if m.synced = max(m.synced, position); mark > m.markSynced {
		m.markSynced = mark
	}
	m.syncErr = nil
	told.synced = true
}

// recycle keeps a buffer that has been written for the next batch but one.
func (l *Log) recycle(p []byte) {
	if cap(p) <= bufferKept {
		l.mu.spare = p[:0]
	}
}

// askForSync has the background goroutine sync when that is due.
func (l *Log) askForSync() {
	m := &l.mu
	if m.file == nil || m.policy != Everysec || m.quiet || m.syncing || m.wantSync || m.synced >= m.written {
		return
	}
	if now := l.o.Now(); now.Sub(m.lastSync) >= syncPeriod {
		m.lastSync, m.wantSync = now, true
		l.wake()
	}
}

func (l *Log) wake() {
	select {
	case l.kick <- struct{}{}:
	default: // it is awake
	}
}

// background syncs, and exchanges parts, until the log is closed.
func (l *Log) background() {
	defer close(l.ended)
	for range l.kick {
		var told event
		l.mu.Lock()
		for l.mu.busy {
			l.done.Wait()
		}
		// With Always those who commit do all the writing, and wait for it.
		waits := l.mu.policy != Always
		if l.mu.change != nil && waits {
			l.writeOnce(&told)
		}
		if l.mu.wantSync {
			l.syncNow(&told)
		}
		if !l.mu.busy && l.mu.file != nil && len(l.mu.buf) > 0 && waits {
			l.writeOnce(&told) // what had to wait for the sync
		}
		closed := l.mu.closed
		l.mu.Unlock()
		l.tell(&told)
		if closed {
			return
		}
	}
}

// syncNow syncs beside the writers. The lock is held, and released meanwhile.
func (l *Log) syncNow(told *event) {
	m := &l.mu
	m.wantSync = false
	if m.file == nil {
		return
	}
	file, position, mark := m.file, m.written, m.markWritten
	m.syncing = true
	l.mu.Unlock()
	err := file.Sync()
	l.mu.Lock()
	m.syncing = false
	l.done.Broadcast()
	if err == nil {
		l.syncedUpTo(position, mark, told)
		return
	}
	if m.syncErr == nil {
		told.add(true, fmt.Sprintf("Fail to fsync the AOF file: %s", reason(err)))
	}
	m.syncErr, m.doubtful = err, true
}

func (l *Log) measure(duringSync bool, write, sync time.Duration, synced bool) {
	s := &l.mu.slow
	if s.Write = max(s.Write, write); duringSync {
		s.WriteDuringSync = max(s.WriteDuringSync, write)
	}
	if synced {
		s.SyncAlways = max(s.SyncAlways, sync)
	}
}

// event is what has happened under the lock and is told outside of it.
type event struct {
	lines  []line
	synced bool
}

type line struct {
	warn bool
	text string
}

func (e *event) add(warn bool, text string) { e.lines = append(e.lines, line{warn, text}) }

func (l *Log) tell(e *event) {
	for _, s := range e.lines {
		l.o.Log(s.warn, s.text)
	}
	if e.synced {
		l.o.Synced()
	}
}
