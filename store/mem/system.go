package mem

import (
	"errors"
	"fmt"
	"math/bits"
	"sync/atomic"
	"syscall"
	"unsafe"
)

const (
	madvPopulateWrite = 23 // Linux 5.14; package syscall does not name it

	// retainShift and retainMinPages say how much freed memory an arena keeps for reuse: 1/32 of what is in use, and
	// 4 MiB at least.
	retainShift    = 5
	retainMinPages = 4 << 20 >> pageShift

	// releaseChunkPages bounds one call to the system, and with it the time it takes: about 0.1 ms.
	releaseChunkPages = 1 << 20 >> pageShift

	prefaultChunkBytes = 2 << 20
)

func reserve(n int) ([]byte, error) {
	const prot = syscall.PROT_READ | syscall.PROT_WRITE
	const flags = syscall.MAP_PRIVATE | syscall.MAP_ANON | syscall.MAP_NORESERVE
	m, err := syscall.Mmap(-1, 0, n, prot, flags)
	if err != nil {
		return nil, fmt.Errorf("mmap of %d bytes: %w", n, err)
	}
	return m, nil
}

func unmap(m []byte) error { return syscall.Munmap(m) }

// refuseHuge asks for no huge pages, whatever the machine's default (DESIGN.md says why). A kernel built without them
// does not know the request, which is no loss.
func refuseHuge(m []byte) error {
	if err := syscall.Madvise(m, syscall.MADV_NOHUGEPAGE); err != nil && !errors.Is(err, syscall.EINVAL) {
		return fmt.Errorf("madvise: %w", err)
	}
	return nil
}

// Release gives freed pages back to the system, at most about budget bytes of them, and keeps some for reuse. It
// returns the bytes given back: less than the budget when there is no more to give.
func (a *Arena) Release(budget int) int {
	inUse := int64(a.top.Load()) - a.cleanPages - a.dirtyPages
	retain := max(inUse>>retainShift, retainMinPages)
	return a.release(budget, retain)
}

// Purge gives all freed pages back to the system, however long it takes.
func (a *Arena) Purge() {
	a.freeEmptySlabs()
	for a.release(releaseChunkPages<<pageShift, 0) > 0 {
		continue
	}
}

func (a *Arena) release(budget int, retain int64) int {
	given := 0
	for given < budget && a.dirtyPages > retain {
		id := a.longestDirty()
		a.unlinkFree(id)
		want := min(releaseChunkPages, uint32(a.dirtyPages+int64(a.spans[id].pages)-retain))
		a.split(id, min(a.spans[id].pages, want), spanDirty)
		sp := &a.spans[id]
		n := int(sp.pages) << pageShift
		if syscall.Madvise(a.Bytes(sp.ref(0), n), syscall.MADV_DONTNEED) != nil {
			a.givePages(id, spanDirty) // the system will not have it; nothing is lost but the hope
			return given
		}
		a.givePages(id, spanClean)
		given += n
	}
	return given
}

// longestDirty returns a free span of the fullest length: long runs are the cheapest to give back and the last to be
// reused.
func (a *Arena) longestDirty() uint32 {
	b := &a.free[spanDirty]
	for word := len(b.filled) - 1; ; word-- {
		if m := b.filled[word]; m != 0 {
			return b.heads[word*64+63-bits.LeadingZeros64(m)]
		}
	}
}

// Prefault touches the next n never-used bytes at the arena's top, so that the goroutine that owns the arena does not
// wait for the system to zero them. It may run in another goroutine beside all other methods except Close, one at a
// time. It returns the bytes newly touched: zero when there was nothing to do.
func (a *Arena) Prefault(n int) int {
	top := a.top.Load()
	from := max(top, a.populated.Load())
	to := uint32(min(uint64(top)+uint64(n)>>pageShift, uint64(a.pages)))
	touched := 0
	for from < to {
		step := min(to-from, prefaultChunkBytes>>pageShift)
		a.populate(from, step)
		from += step
		a.populated.Store(from)
		touched += int(step) << pageShift
	}
	return touched
}

// populate makes pages resident without changing what is in them, as their owner may be writing there by now.
func (a *Arena) populate(from, pages uint32) {
	b := a.Bytes(Ref(from)*pageUnits, int(pages)<<pageShift)
	if syscall.Madvise(b, madvPopulateWrite) == nil {
		return
	}
	for at := 0; at < len(b); at += pageBytes {
		atomic.AddUint32((*uint32)(unsafe.Pointer(&b[at])), 0)
	}
}
