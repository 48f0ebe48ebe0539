package netloop

import (
	"bytes"
	"fmt"
	"io"
	"testing"
	"time"
)

// One client, so many PINGs a write. The client's half of the work is in the figure.
func BenchmarkEcho(b *testing.B) {
	for _, depth := range []int{1, 16, 128} {
		b.Run(fmt.Sprintf("pipeline=%d", depth), func(b *testing.B) {
			c := dial(b, start(b, Config{}, &echo{}))
			_ = c.SetDeadline(time.Time{})
			in := bytes.Repeat([]byte("*1\r\n$4\r\nPING\r\n"), depth)
			out := make([]byte, len("+PONG\r\n")*depth)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := c.Write(in); err != nil {
					b.Fatal(err)
				}
				if _, err := io.ReadFull(c, out); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
