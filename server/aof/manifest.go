package aof

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"valkey/frontend/resp"
)

// Kind is what a part is to the log. Its value is the letter in the manifest.
type Kind byte

// The kinds.
const (
	Base      Kind = 'b' // the data set as it was when the log was last rewritten
	Increment Kind = 'i' // effects since then
	History   Kind = 'h' // replaced by a newer base, to be removed
)

// Part is one file of the log.
type Part struct {
	Name string // in the log's folder
	Seq  int64
	Kind Kind
}

// Manifest is the list of a log's parts. The zero value is that of a log that does not exist yet.
type Manifest struct {
	Base       *Part
	History    []Part // the latest to be replaced first
	Increments []Part // in the order of writing

	// The numbers given last. They outlive their parts, so that no name is ever used twice in a row.
	baseSeq, incrementSeq int64
}

// manifestLineMax is the longest line of a manifest, its end included.
const manifestLineMax = 1024

// ManifestError is a manifest that cannot be understood.
type ManifestError struct {
	Line   int    // from 1 on; 0 where none is to blame
	Text   string // of that line
	Reason string
}

// Error is one line for a log.
func (e *ManifestError) Error() string {
	if e.Line == 0 {
		return e.Reason
	}
	return fmt.Sprintf("line %d: %s: '%s'", e.Line, e.Reason, e.Text)
}

// ParseManifest reads a manifest. It never uses a name outside of the log's folder.
func ParseManifest(data []byte) (Manifest, error) {
	var m Manifest
	if len(data) == 0 {
		return m, &ManifestError{Reason: "Found an empty AOF manifest"}
	}
	n := 0
	for line := range bytes.Lines(data) {
		n++
		if line[0] == '#' {
			continue
		}
		text := string(bytes.Trim(line, " \t\r\n"))
		if len(line) > manifestLineMax || line[len(line)-1] != '\n' {
			return Manifest{}, &ManifestError{Line: n, Reason: "The AOF manifest file contains too long line"}
		}
		p, reason := parsePart(text)
		if reason == "" {
			reason = m.add(p)
		}
		if reason != "" {
			return Manifest{}, &ManifestError{Line: n, Text: text, Reason: reason}
		}
	}
	return m, nil
}

const badManifest = "Invalid AOF manifest file format"

// parsePart reads one line: pairs of words, of which those that are not known are passed over.
func parsePart(line string) (p Part, reason string) {
	words, ok := resp.SplitWords([]byte(line), nil)
	if !ok || len(words) < 6 || len(words)%2 != 0 {
		return p, badManifest
	}
	for i := 0; i < len(words); i += 2 {
		value := string(words[i+1])
		switch strings.ToLower(string(words[i])) {
		case "file":
			if strings.ContainsAny(value, `/\`) || strings.IndexByte(value, 0) >= 0 {
				return p, "File can't be a path, just a filename"
			}
			p.Name = value
		case "seq":
			p.Seq = leadingNumber(value)
		case "type":
			if value == "" {
				return p, badManifest
			}
			p.Kind = Kind(value[0])
		}
	}
	if p.Name == "" || p.Name == "." || p.Name == ".." || p.Seq <= 0 || p.Kind == 0 {
		return p, badManifest
	}
	return p, ""
}

// leadingNumber is the number that a text begins with, 0 if there is none or it is beyond all reason.
func leadingNumber(s string) int64 {
	end := 0
	for end < len(s) && s[end] >= '0' && s[end] <= '9' {
		end++
	}
	n, ok := resp.ParseInt([]byte(strings.TrimLeft(s[:end], "0")))
	if !ok {
		return 0
	}
	return n
}

// add appends a part as it stands in the file; reason is why it cannot be there.
func (m *Manifest) add(p Part) (reason string) {
	switch p.Kind {
	case Base:
		if m.Base != nil {
			return "Found duplicate base file information"
		}
		m.Base, m.baseSeq = &p, p.Seq
	case History:
		m.History = append(m.History, p)
	case Increment:
		if p.Seq <= m.incrementSeq {
			return "Found a non-monotonic sequence number"
		}
		m.Increments = append(m.Increments, p)
		m.incrementSeq = p.Seq
	default:
		return "Unknown AOF file type"
	}
	return ""
}

// Append appends the manifest's text: base, history, increments, a line each.
func (m *Manifest) Append(b []byte) []byte {
	if m.Base != nil {
		b = m.Base.append(b)
	}
	for _, p := range m.History {
		b = p.append(b)
	}
	for _, p := range m.Increments {
		b = p.append(b)
	}
	return b
}

func (p *Part) append(b []byte) []byte {
	return fmt.Appendf(b, "file %s seq %d type %c\n", quotedName(p.Name), p.Seq, p.Kind)
}

// quotedName puts a name in quotes that would not be read back as it is.
func quotedName(name string) string {
	plain := func(c byte) bool { return c > ' ' && c < 0x7f && c != '\\' && c != '"' && c != '\'' }
	if !slices.ContainsFunc([]byte(name), func(c byte) bool { return !plain(c) }) {
		return name
	}
	escapes := map[byte]string{'\n': `\n`, '\r': `\r`, '\t': `\t`, '\a': `\a`, '\b': `\b`, '\\': `\\`, '"': `\"`}
	b := []byte{'"'}
	for i := range len(name) {
		switch c := name[i]; {
		case escapes[c] != "":
			b = append(b, escapes[c]...)
		case c == ' ' || c == '\'' || plain(c):
			b = append(b, c)
		default:
			b = fmt.Appendf(b, `\x%02x`, c)
		}
	}
	return string(append(b, '"'))
}

// Parts gives what has to be loaded, in order.
func (m *Manifest) Parts() []Part {
	var out []Part
	if m.Base != nil {
		out = append(out, *m.Base)
	}
	return append(out, m.Increments...)
}

// Clone gives a copy that shares nothing.
func (m *Manifest) Clone() Manifest {
	c := *m
	if m.Base != nil {
		base := *m.Base
		c.Base = &base
	}
	c.History, c.Increments = slices.Clone(m.History), slices.Clone(m.Increments)
	return c
}

// newBase puts a new base in the place of the old one, which becomes history.
func (m *Manifest) newBase(stem, format string) Part {
	if m.Base != nil {
		m.retire(*m.Base)
	}
	m.baseSeq++
	m.Base = &Part{Name: fmt.Sprintf("%s.%d.base%s", stem, m.baseSeq, format), Seq: m.baseSeq, Kind: Base}
	return *m.Base
}

// newIncrement appends an increment.
func (m *Manifest) newIncrement(stem string) Part {
	m.incrementSeq++
	p := Part{Name: fmt.Sprintf("%s.%d.incr.aof", stem, m.incrementSeq), Seq: m.incrementSeq, Kind: Increment}
	m.Increments = append(m.Increments, p)
	return p
}

// replace makes history of all increments but the last kept ones.
func (m *Manifest) replace(kept int) {
	old := m.Increments[:max(len(m.Increments)-kept, 0)]
	for _, p := range slices.Backward(old) {
		m.retire(p)
	}
	m.Increments = slices.Clone(m.Increments[len(old):])
}

func (m *Manifest) retire(p Part) {
	p.Kind = History
	m.History = slices.Insert(m.History, 0, p)
}
