package mem

import (
	"fmt"
	"sync/atomic"
	"unsafe"

	"valkey/internal/invariant"
)

// Ref is the address of an allocation: its offset in the arena in units of 8 bytes. Zero is no allocation.
type Ref uint64

const (
	// RefBits is how many bits a Ref can need.
	RefBits = 40

	pageShift = 12
	pageBytes = 1 << pageShift
	pageUnits = pageBytes / 8

	// ReserveMax is the most address space that an arena asks for: what RefBits can name, an eighth of it by default.
	ReserveMax     = 1 << (RefBits + 3)
	reserveDefault = 1 << 40
	reserveMin     = 64 << 20
)

// Options says how an arena is made; the zero value is good.
type Options struct {
	// ReserveBytes is the address space to reserve; less is taken when the system refuses it. Zero is 1 TiB. It bounds
	// what the arena can ever hold and costs nothing until used.
	ReserveBytes int
}

// Arena is a region of memory outside the Go heap with an allocator of its own.
type Arena struct {
	base unsafe.Pointer

	spans   []span   // records by id; id 0 is none
	owner   []uint32 // by page: the id of the span whose first or last page it is, of the slab whose page it is
	partial [classes]uint32
	free    [2]bins // by state: dirty, clean

	spanNext uint32 // lowest id never used
	spanFree uint32 // list of ids given back

	used       int64
	cleanPages int64 // free pages that the system has back
	dirtyPages int64 // free pages that it has not

	top       atomic.Uint32 // pages from here on were never used
	populated atomic.Uint32 // pages below this were touched ahead by Prefault
	pages     uint32        // how many the arena has

	maps [3][]byte // what Close unmaps
}

// New reserves an arena. It fails only when the system grants not even a small range of addresses.
func New(o Options) (*Arena, error) {
	want := o.ReserveBytes
	if want <= 0 {
		want = reserveDefault
	}
	want = min(max(want, reserveMin), ReserveMax)
	for {
		a, err := reserveArena(want)
		if err == nil {
			return a, nil
		}
		if want /= 2; want < reserveMin {
			return nil, fmt.Errorf("mem: reserve address space: %w", err)
		}
	}
}

func reserveArena(size int) (*Arena, error) {
	a := &Arena{pages: uint32(min(size>>pageShift, 1<<32-1))}
	var err error
	lengths := [3]int{size, int(a.pages) * int(unsafe.Sizeof(span{})), int(a.pages) * 4}
	for i, n := range lengths {
		if a.maps[i], err = reserve(n); err != nil {
			_ = a.Close() // the first error is the one to tell
			return nil, err
		}
	}
	data := a.maps[0]
	if err := refuseHuge(data); err != nil {
		_ = a.Close()
		return nil, err
	}
	a.base = unsafe.Pointer(unsafe.SliceData(data))
	a.spans = unsafe.Slice((*span)(unsafe.Pointer(unsafe.SliceData(a.maps[1]))), a.pages)
	a.owner = unsafe.Slice((*uint32)(unsafe.Pointer(unsafe.SliceData(a.maps[2]))), a.pages)
	a.spanNext = 1
	a.top.Store(1) // page 0 stays unused, so that Ref 0 is nobody's
	return a, nil
}

// Close gives all memory back. Every slice and pointer into the arena is dead from here on.
func (a *Arena) Close() error {
	var first error
	for i, m := range a.maps {
		if m == nil {
			continue
		}
		if err := unmap(m); err != nil && first == nil {
			first = fmt.Errorf("mem: unmap arena: %w", err)
		}
		a.maps[i] = nil
	}
	a.base, a.spans, a.owner = nil, nil, nil
	return first
}

// Alloc returns n bytes (n > 0) with unspecified content, aligned to 8, and to 64 when n is a multiple of 64. When
// the reserved range is full it panics, as a process does that has no memory left.
func (a *Arena) Alloc(n int) Ref {
	invariant.Check(n > 0, "mem: alloc of %d bytes", n)
	if n <= mediumMax {
		class, size := classOf(n)
		return a.allocSlab(class, size)
	}
	r, _ := a.allocLarge(n)
	return r
}

// AllocZero is Alloc of memory that is zero. Whole pages (n > 32 KiB) that the system gives as zero are not touched, so
// that even a lot of them takes no time.
func (a *Arena) AllocZero(n int) Ref {
	if n > mediumMax {
		r, state := a.allocLarge(n)
		if state == spanDirty {
			clear(a.Bytes(r, n))
		}
		return r
	}
	r := a.Alloc(n)
	clear(a.Bytes(r, n))
	return r
}

// allocLarge returns pages of their own and what they were before: dirty, or zero in any other state.
func (a *Arena) allocLarge(n int) (Ref, spanState) {
	id := a.takePages(uint64(n+pageBytes-1) >> pageShift)
	sp := &a.spans[id]
	was := sp.state
	sp.state = spanLarge
	a.used += int64(sp.pages) << pageShift
	return Ref(sp.start) * pageUnits, was
}

// Free takes back an allocation of n bytes; any n with the Cap of the one given to Alloc will do.
func (a *Arena) Free(r Ref, n int) {
	page := uint32(r / pageUnits)
	id := a.owner[page]
	sp := &a.spans[id]
	if n <= mediumMax {
		class, size := classOf(n)
		if invariant.Enabled {
			invariant.Check(sp.state == spanSlab && int(sp.class) == class, "mem: free of %d bytes at %d: span %+v", n, r, *sp)
			mangle(a.Bytes(r, size))
		}
		a.freeSlab(id, r, size)
		return
	}
	if invariant.Enabled {
		invariant.Check(sp.state == spanLarge && sp.start == page && int(sp.pages) == Cap(n)>>pageShift,
			"mem: free of %d bytes at %d: span %+v", n, r, *sp)
		mangle(a.Bytes(r, min(n, pageBytes)))
	}
	a.used -= int64(sp.pages) << pageShift
	a.givePages(id, spanDirty)
}

// Bytes returns the n bytes at r, without spare capacity. The slice is valid until the allocation is freed.
func (a *Arena) Bytes(r Ref, n int) []byte {
	return unsafe.Slice((*byte)(unsafe.Add(a.base, uintptr(r)<<3)), n)
}

// At returns the memory at r as a T, which must be free of pointers and need no more than 8-byte alignment.
func At[T any](a *Arena, r Ref) *T {
	return (*T)(unsafe.Add(a.base, uintptr(r)<<3))
}

// Prefetch asks the processor to have the cache line at r at hand soon.
func (a *Arena) Prefetch(r Ref) {
	prefetch(unsafe.Add(a.base, uintptr(r)<<3))
}

// Used returns the bytes handed out, each allocation rounded up to its Cap.
func (a *Arena) Used() int { return int(a.used) }

// Resident returns the bytes of memory that the arena keeps from the system: all pages ever used or prefaulted, less
// those given back. Pages of a fresh slab count before they are touched.
func (a *Arena) Resident() int {
	return (int(max(a.top.Load(), a.populated.Load())) - int(a.cleanPages)) << pageShift
}

// Reserved returns the bytes of address space, the most that the arena can ever hold.
func (a *Arena) Reserved() int { return int(a.pages) << pageShift }

// mangle makes a use after free visible in builds with assertions.
func mangle(b []byte) {
	for i := range b {
		b[i] = 0xdd
	}
}
