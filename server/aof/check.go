package aof

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path"

	"valkey/internal/vfs"
	"valkey/store/rdb/rdbcheck"
)

// CheckOptions say what Check is to do about what it finds.
type CheckOptions struct {
	Fix     bool        // cut a bad end off the last part, if Confirm allows it
	Until   int64       // Unix seconds: cut the last part off where it goes beyond; 0: do not
	Confirm func() bool // asks the operator
	NowMs   int64
}

// ErrUnsound is the end of a check that does not end well; why has been written.
var ErrUnsound = errors.New("aof: not valid")

// Check looks through a log, given its manifest, or through a single old file, as the program valkey-check-aof does.
// What it sees is written to out, in the lines that scripts look for.
func Check(fsys vfs.FS, name string, o CheckOptions, out io.Writer) error {
	c := &checker{fs: fsys, o: o, out: out}
	head, err := c.head(name, manifestLineMax)
	if err != nil {
		return err
	}
	if isManifest(head) {
		return c.parts(name)
	}
	c.say("Start checking Old-Style AOF")
	return c.one(name, name, "AOF", true)
}

// checker is a check under way.
type checker struct {
	fs  vfs.FS
	o   CheckOptions
	out io.Writer
}

func (c *checker) say(format string, args ...any) {
	_, _ = fmt.Fprintf(c.out, format+"\n", args...) // nobody is left to be told
}

func (c *checker) fail(format string, args ...any) error {
	c.say(format, args...)
	return ErrUnsound
}

// head gives the beginning of a file.
func (c *checker) head(name string, n int) ([]byte, error) {
	f, err := c.fs.Open(name)
	if err != nil {
		return nil, c.fail("Cannot open file %s: %s, aborting...", name, reason(err))
	}
	defer func() { _ = f.Close() }() // nothing was written
	p := make([]byte, n)
	got, err := f.ReadAt(p, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, c.fail("Cannot read file %s: %s", name, reason(err))
	}
	return p[:got], nil
}

// isManifest judges by the first line that is no comment.
func isManifest(head []byte) bool {
	for line := range bytes.Lines(head) {
		if line[0] != '#' {
			return bytes.HasPrefix(line, []byte("file"))
		}
	}
	return false
}

func isSnapshot(head []byte) bool {
	return bytes.HasPrefix(head, []byte("REDIS")) || bytes.HasPrefix(head, []byte("VALKEY"))
}

// parts checks all parts of a manifest.
func (c *checker) parts(name string) error {
	c.say("Start checking Multi Part AOF")
	m, err := ReadManifest(c.fs, name)
	if bad, ok := errors.AsType[*ManifestError](err); ok {
		c.say("*** FATAL AOF MANIFEST FILE ERROR ***")
		if bad.Text != "" {
			c.say("Reading the manifest file, at line %d\n>>> '%s'", bad.Line, bad.Text)
		}
		return c.fail("%s", bad.Reason)
	}
	if err != nil {
		return c.fail("Cannot read file %s: %s", name, reason(err))
	}
	folder := path.Dir(name)
	parts := m.Parts()
	for i, p := range parts {
		kind, file := "INCR AOF", path.Join(folder, p.Name)
		switch {
		case p.Kind == Base:
			head, err := c.head(file, len("VALKEY"))
			if err != nil {
				return err
			}
			format := "RESP"
			if isSnapshot(head) {
				format = "RDB"
			}
			kind = "BASE AOF"
			c.say("Start to check BASE AOF (%s format).", format)
		case i == 0 || parts[i-1].Kind == Base:
			c.say("Start to check INCR files.")
		}
		if err := c.one(file, p.Name, kind, i == len(parts)-1); err != nil {
			return err
		}
	}
	c.say("All AOF files and manifest are valid")
	return nil
}

// one checks one file, and repairs it if that is wanted.
func (c *checker) one(file, name, kind string, last bool) error {
	f, err := c.fs.Open(file)
	if err != nil {
		return c.fail("Cannot open file %s: %s, aborting...", file, reason(err))
	}
	defer func() { _ = f.Close() }() // nothing was written
	info, err := f.Stat()
	if err != nil {
		return c.fail("Cannot stat file: %s, aborting...", name)
	}
	size := info.Size()
	if size == 0 {
		c.say("%s %s is empty", kind, name)
		return nil
	}
	start, err := c.preamble(f, file, size)
	if err != nil {
		return err
	}
	s := newScanner(io.NewSectionReader(f, start, size-start), start, c.o.Until)
	if err := s.scan(); err != nil {
		return c.fail("Failed to read from AOF %s, aborting...", name)
	}
	if s.cut >= 0 {
		return c.cutAt(s.cut, file, name, last)
	}
	if s.fault != "" {
		c.say("%s", s.fault)
	}
	bad := size - s.good
	if bad == 0 && c.o.Until > 0 {
		c.say("Truncate nothing in AOF %s to timestamp %d", name, c.o.Until)
		return nil
	}
	c.say("AOF analyzed: filename=%s, size=%d, ok_up_to=%d, ok_up_to_line=%d, diff=%d", name, size, s.good, s.line, bad)
	switch {
	case bad == 0:
		c.say("%s %s is valid", kind, name)
		return nil
	case !c.o.Fix:
		return c.fail("AOF %s is not valid. Use the --fix option to try fixing it.", name)
	case !last:
		return c.fail("Failed to truncate AOF %s because it is not the last file", name)
	}
	return c.repair(file, name, size, s.good)
}

// preamble checks the snapshot that a file begins with, if it does, and gives where that ends.
func (c *checker) preamble(f vfs.File, file string, size int64) (int64, error) {
	head, err := c.head(file, len("VALKEY"))
	if err != nil || !isSnapshot(head) {
		return 0, err
	}
	report := rdbcheck.Check(io.NewSectionReader(f, 0, size), rdbcheck.Options{Name: file, NowMs: c.o.NowMs}, c.out)
	if !report.Sound {
		return 0, c.fail("RDB preamble of AOF file is not sane, aborting.")
	}
	c.say("RDB preamble is OK, proceeding with AOF tail...")
	return report.Bytes, nil
}

// repair cuts the bad end off.
func (c *checker) repair(file, name string, size, good int64) error {
	c.say("This will shrink the AOF %s from %d bytes, with %d bytes, to %d bytes", name, size, size-good, good)
	_, _ = fmt.Fprint(c.out, "Continue? [y/N]: ")
	if !c.o.Confirm() {
		return c.fail("Aborting...")
	}
	if err := truncate(c.fs, file, good); err != nil {
		return c.fail("Failed to truncate AOF %s", name)
	}
	c.say("Successfully truncated AOF %s", name)
	return nil
}

// cutAt cuts what is later than wanted.
func (c *checker) cutAt(offset int64, file, name string, last bool) error {
	switch {
	case offset == 0:
		return c.fail("AOF %s has nothing before timestamp %d, aborting...", name, c.o.Until)
	case !last:
		c.say("Failed to truncate AOF %s to timestamp %d to offset %d because it is not the last file.", name, c.o.Until,
			offset)
		return c.fail("If you insist, delete the files that follow it in the manifest, and their lines there, and run this " +
			"again.")
	}
	if err := truncate(c.fs, file, offset); err != nil {
		return c.fail("Failed to truncate AOF %s to timestamp %d", name, c.o.Until)
	}
	c.say("Successfully truncated AOF %s to timestamp %d", name, c.o.Until)
	return nil
}
