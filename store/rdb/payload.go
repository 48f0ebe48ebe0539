package rdb

import (
	"encoding/binary"
	"math"

	"valkey/store"
)

// footerBytes is what follows the value in a payload: two bytes of version, eight of checksum.
const footerBytes = 2 + tailBytes

// Payload is a value on its way into the form that DUMP replies: type, value, and a footer with version and checksum.
type Payload struct{ draft Draft }

// Note takes an entry's value, as Draft.Entry does: quickly, large ones pinned.
func (p *Payload) Note(e store.Entry) {
	p.draft.op(byte(typeOf(e)))
	p.draft.value(e)
}

// Len returns about how long the payload will be.
func (p *Payload) Len() int { return p.draft.Len() + footerBytes }

// Pins returns what has to be unpinned when the payload is made.
func (p *Payload) Pins() []*store.Pinned { return p.draft.pins }

// Append makes the payload of what was noted, behind dst.
func (p *Payload) Append(dst []byte, compress bool) []byte {
	start := len(dst)
	s := Sealer{o: SealOptions{Read: readInPlace}, out: dst, encoder: encoder{compress: compress}}
	s.draft(&p.draft, math.MaxInt)
	out := binary.LittleEndian.AppendUint16(s.out, uint16(V80))
	return binary.LittleEndian.AppendUint64(out, Checksum(0, out[start:]))
}

// DumpPayload returns the payload of an entry's value.
func DumpPayload(e store.Entry, compress bool) []byte {
	p := Payload{draft: Draft{copies: true}}
	p.Note(e)
	return p.Append(nil, compress)
}

// PayloadFooter reads what a payload ends with: its version (0 if there is no room for one), and whether the checksum
// is right.
func PayloadFooter(p []byte) (v Version, sound bool) {
	if len(p) < footerBytes {
		return 0, false
	}
	end := len(p) - tailBytes
	v = Version(binary.LittleEndian.Uint16(p[end-2:]))
	return v, Checksum(0, p[:end]) == binary.LittleEndian.Uint64(p[end:])
}

// PayloadType returns the form of a payload's value.
func PayloadType(p []byte) Type { return Type(p[0]) }

// ForeignTo reports whether a type may have another meaning in a version.
func (t Type) ForeignTo(v Version) bool { return v.Foreign() && t.known() && t >= foreignTypeMin }

// ReadPayload reads the value of a payload whose footer was found sound.
func ReadPayload(p []byte) (Value, error) {
	body := p[:max(0, len(p)-footerBytes)]
	in := input{buf: body, end: len(body)}
	t, err := in.byte()
	if err != nil {
		return Value{}, err
	}
	return in.value(Type(t)) // what may follow the value is ignored, as Valkey does
}
