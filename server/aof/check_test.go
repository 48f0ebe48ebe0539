package aof_test

import (
	"bytes"
	"strings"
	"testing"

	"valkey/frontend/resp"
	"valkey/internal/vfs"
	"valkey/server/aof"
)

func put(t testing.TB, fsys vfs.FS, name, text string) {
	t.Helper()
	f, err := fsys.Create(name, 0o666)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
}

// wire is some commands, a line each.
func wire(lines ...string) string {
	var b []byte
	for _, l := range lines {
		b = resp.AppendCommand(b, strings.Fields(l)...)
	}
	return string(b)
}

func TestCheck(t *testing.T) {
	set, open := wire("set foo hello"), wire("set foo hello", "multi", "set bar world")
	stamped := "#TS:10\r\n" + set + "#TS:20\r\n" + set + "#TS:30\r\n"
	const manifest = "file b seq 1 type b\nfile i seq 1 type i\n"
	for _, c := range []struct {
		what          string
		main, base, i string // the file named, the base and the increment
		o             aof.CheckOptions
		sound         bool
		says          []string
		left          string // of i, or of the file named; "" does not matter
	}{
		{what: "an old file", main: set, sound: true,
			says: []string{"Start checking Old-Style AOF", "diff=0", "AOF m is valid"}},
		{what: "data like a manifest", main: wire("set file file"), sound: true, says: []string{"Old-Style", "is valid"}},
		{what: "an empty file", main: "", sound: true, says: []string{"AOF m is empty"}},
		{what: "rubbish", main: set + "!!!", says: []string{"0x", "ok_up_to=33, ok_up_to_line=8, diff=3", "not valid"}},
		{what: "a torn word", main: set[:len(set)-1], says: []string{"Expected to read 7 bytes, got 6 bytes", "ok_up_to=0"}},
		{what: "a torn count", main: set + "*3", says: []string{"A line has no end", "diff=2"}},
		{what: "an open transaction", main: open, says: []string{"Reached EOF before reading EXEC for MULTI",
			"ok_up_to=33,"}},
		{what: "MULTI twice", main: wire("multi", "multi"), says: []string{"Unexpected MULTI", "ok_up_to=0,"}},
		{what: "EXEC alone", main: wire("exec"), says: []string{"Unexpected EXEC"}},
		{what: "a transaction", main: wire("multi", "set a b", "exec"), sound: true},
		{what: "a wrong line end", main: strings.Replace(set, "foo\r\n", "fooxy", 1), says: []string{"got: 7879"}},
		{what: "a fix", main: set + "!!!", o: aof.CheckOptions{Fix: true}, sound: true, left: set,
			says: []string{"with 3 bytes, to 33 bytes", "Continue? [y/N]: ", "Successfully truncated AOF m"}},
		{what: "two parts", main: manifest, base: set, i: set, sound: true, says: []string{"Start checking Multi Part AOF",
			"Start to check BASE AOF (RESP format).", "BASE AOF b is valid", "Start to check INCR files.",
			"INCR AOF i is valid", "All AOF files and manifest are valid"}},
		{what: "a bad manifest", main: manifest + "!!!\n", says: []string{"at line 3", "Invalid AOF manifest file format"}},
		{what: "a bad base", main: manifest, base: open, i: set, o: aof.CheckOptions{Fix: true}, left: set,
			says: []string{"Failed to truncate AOF b because it is not the last file"}},
		{what: "a bad increment", main: manifest, base: set, i: open, o: aof.CheckOptions{Fix: true}, sound: true, left: set,
			says: []string{"Successfully truncated AOF i"}},
		{what: "a snapshot that is none", main: "REDIS0009", says: []string{"RDB preamble of AOF file is not sane"}},
		{what: "a time", main: stamped, o: aof.CheckOptions{Until: 10}, sound: true, left: "#TS:10\r\n" + set,
			says: []string{"Successfully truncated AOF m to timestamp 10"}},
		{what: "the last time", main: stamped, o: aof.CheckOptions{Until: 30}, sound: true, left: stamped,
			says: []string{"Truncate nothing in AOF m to timestamp 30"}},
		{what: "a time before all", main: stamped, o: aof.CheckOptions{Until: 9}, left: stamped,
			says: []string{"nothing before timestamp 9, aborting"}},
		{what: "a time in the base", main: manifest, base: stamped, i: set, o: aof.CheckOptions{Until: 10},
			says: []string{"Failed to truncate AOF b to timestamp 10 to offset 41 because it is not the last file"}},
		{what: "no time", main: "#TS:x\r\n", o: aof.CheckOptions{Until: 10}, says: []string{"Invalid timestamp annotation"}},
	} {
		t.Run(c.what, func(t *testing.T) {
			m := vfs.NewMem()
			put(t, m, "m", c.main)
			put(t, m, "b", c.base)
			put(t, m, "i", c.i)
			c.o.Confirm = func() bool { return true }
			var out bytes.Buffer
			if err := aof.Check(m, "m", c.o, &out); (err == nil) != c.sound {
				t.Errorf("the verdict is %v", err)
			}
			for _, s := range c.says {
				if !strings.Contains(out.String(), s) {
					t.Errorf("does not say %q:\n%s", s, out.String())
				}
			}
			name := "i"
			if c.i == "" {
				name = "m"
			}
			if left, _ := vfs.ReadFile(m, name, 1<<20); c.left != "" && string(left) != c.left {
				t.Errorf("left is %q", left)
			}
		})
	}
}

func TestCheckAsksBeforeItRepairs(t *testing.T) {
	m := vfs.NewMem()
	put(t, m, "m", wire("set foo hello")+"!!!")
	var out bytes.Buffer
	refuse := aof.CheckOptions{Fix: true, Confirm: func() bool { return false }}
	if err := aof.Check(m, "m", refuse, &out); err == nil || !strings.Contains(out.String(), "Aborting...") {
		t.Errorf("a fix that is refused: %v\n%s", err, out.String())
	}
	if err := aof.Check(m, "none", aof.CheckOptions{}, &out); err == nil {
		t.Error("no file, and no error")
	}
}
