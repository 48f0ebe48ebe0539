package quorum

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
)

// A link carries frames: length 4 | CRC-32C of the payload 4 | payload. The first in either direction is a greeting.

// errFrame says that what came is not a frame: the connection cannot be read any further.
var errFrame = errors.New("quorum: link: damaged or oversized frame")

const linkHeader = 8

// appendFrame appends a frame.
func appendFrame(to, payload []byte) []byte {
	to = binary.LittleEndian.AppendUint32(to, uint32(len(payload)))
	to = binary.LittleEndian.AppendUint32(to, crc32.Checksum(payload, castagnoli))
	return append(to, payload...)
}

// readLinkFrame reads one of at most limit bytes. Memory is taken as bytes come, not as they are announced.
func readLinkFrame(r io.Reader, buf []byte, limit int) ([]byte, error) {
	var head [linkHeader]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return buf, err
	}
	n := int(binary.LittleEndian.Uint32(head[:]))
	if n > limit {
		return buf, fmt.Errorf("%w: %d bytes announced", errFrame, n)
	}
	buf = buf[:0]
	for len(buf) < n {
		step := min(n-len(buf), 1<<20)
		at := len(buf)
		buf = append(buf, make([]byte, step)...)
		if _, err := io.ReadFull(r, buf[at:]); err != nil {
			return buf, err
		}
	}
	if crc32.Checksum(buf, castagnoli) != binary.LittleEndian.Uint32(head[4:]) {
		return buf, errFrame
	}
	return buf, nil
}

// greeting opens a link: who speaks, to whom, and what the link is for.
type greeting struct {
	from, to string // myids; to is empty when only an address is known
	snapshot bool   // the link carries one snapshot, and one byte comes back when it has been taken
}

// linkVersion is the first byte of a greeting. A peer of another version gets nowhere.
const linkVersion = 1

// greetingMax is the longest greeting.
const greetingMax = 1024

func (g greeting) encode() []byte {
	kind := byte(0)
	if g.snapshot {
		kind = 1
	}
	b := []byte{linkVersion, kind}
	for _, s := range []string{g.from, g.to} {
		b = binary.LittleEndian.AppendUint16(b, uint16(len(s)))
		b = append(b, s...)
	}
	return b
}

func decodeGreeting(b []byte) (g greeting, err error) {
	if len(b) < 2 || b[0] != linkVersion {
		return g, fmt.Errorf("%w: a greeting of another version", errFrame)
	}
	g.snapshot = b[1] == 1
	b = b[2:]
	for _, s := range []*string{&g.from, &g.to} {
		if len(b) < 2 || int(binary.LittleEndian.Uint16(b)) > len(b)-2 {
			return g, errFrame
		}
		n := int(binary.LittleEndian.Uint16(b))
		*s, b = string(b[2:2+n]), b[2+n:]
	}
	if len(b) > 0 || g.from == "" {
		return g, errFrame
	}
	return g, nil
}
