//go:build amd64 || arm64

package mem

import "unsafe"

// prefetch never faults: a bad address is ignored by the processor.
//
//go:noescape
func prefetch(p unsafe.Pointer)
