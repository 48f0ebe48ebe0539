package netloop

import (
	"testing"
	"unsafe"
)

// Ten thousand idle clients should not be noticed. Beside the struct there are the peer's address and a table slot.
func TestIdleConnectionIsSmall(t *testing.T) {
	if n := unsafe.Sizeof(Conn{}); n > 416 {
		t.Errorf("a connection takes %d bytes", n)
	}
}
