package aof_test

import (
	"errors"
	"strings"
	"testing"

	"valkey/server/aof"
)

func TestManifestRoundTrip(t *testing.T) {
	for _, text := range []string{
		"file appendonly.aof.2.base.rdb seq 2 type b\n",
		"file a.7.base.rdb seq 7 type b\nfile a.2.incr.aof seq 2 type h\nfile a.6.base.rdb seq 6 type h\n" +
			"file a.3.incr.aof seq 3 type i\nfile a.9.incr.aof seq 9 type i\n",
		`file " file seq \n\n.aof .2.base.rdb" seq 2 type b` + "\n",
		`file "\a\b\t\r\\\"\x01\xff" seq 1 type i` + "\n",
	} {
		m, err := aof.ParseManifest([]byte(text))
		if err != nil && !strings.Contains(text, `\\`) {
			t.Fatalf("%q: %v", text, err)
		}
		if got := string(m.Append(nil)); err == nil && got != text {
			t.Errorf("%q became %q", text, got)
		}
	}
}

func TestManifestForgives(t *testing.T) {
	const text = "# a comment\n  FILE b.1.base.aof SEQ 1 TYPE b newkey newvalue\r\nfile i seq 2nd type incr\n"
	m, err := aof.ParseManifest([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	const want = "file b.1.base.aof seq 1 type b\nfile i seq 2 type i\n"
	if got := string(m.Append(nil)); got != want {
		t.Errorf("got %q", got)
	}
	if parts := m.Parts(); len(parts) != 2 || parts[0].Name != "b.1.base.aof" || parts[1].Seq != 2 {
		t.Errorf("parts %v", parts)
	}
}

func TestManifestErrors(t *testing.T) {
	const ok = "file a.1.incr.aof seq 1 type i\n"
	for _, c := range []struct{ text, reason string }{
		{"", "Found an empty AOF manifest"},
		{ok + "\n", "Invalid AOF manifest file format"},
		{"filx a seq 1 type b\n", "Invalid AOF manifest file format"},
		{"file a type b\n", "Invalid AOF manifest file format"},
		{"file a seq 0 type b\n", "Invalid AOF manifest file format"},
		{"file a seq -1 type b\n", "Invalid AOF manifest file format"},
		{"file a seq 99999999999999999999 type b\n", "Invalid AOF manifest file format"},
		{"file a seq 1 type \"\"\n", "Invalid AOF manifest file format"},
		{"file \"a seq 1 type b\n", "Invalid AOF manifest file format"},
		{"file .. seq 1 type b\n", "Invalid AOF manifest file format"},
		{"file a seq 1 type b key\n", "Invalid AOF manifest file format"},
		{"file a seq 1 type b", "The AOF manifest file contains too long line"},
		{"file a seq 1 type b " + strings.Repeat("k v ", 300) + "\n", "The AOF manifest file contains too long line"},
		{"file a seq 1 type x\n", "Unknown AOF file type"},
		{"file ../a seq 1 type b\n", "File can't be a path, just a filename"},
		{"file a seq 1 type b\nfile b seq 2 type b\n", "Found duplicate base file information"},
		{"file a seq 2 type i\nfile b seq 1 type i\n", "Found a non-monotonic sequence number"},
	} {
		_, err := aof.ParseManifest([]byte(c.text))
		bad, ok := errors.AsType[*aof.ManifestError](err)
		if !ok || bad.Reason != c.reason {
			t.Errorf("%q gives %v, not %q", c.text, err, c.reason)
		}
	}
}

func FuzzManifest(f *testing.F) {
	f.Add([]byte("file a.1.base.rdb seq 1 type b\nfile a.1.incr.aof seq 1 type i\n"))
	f.Add([]byte("#\nfile \"\\x01\" seq 07 type h k \"v\"\n"))
	f.Add([]byte("file \"'000\" seq 1 type b\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := aof.ParseManifest(data)
		if err != nil {
			return
		}
		text := m.Append(nil)
		for _, p := range m.Parts() {
			if strings.ContainsAny(p.Name, "/\\\x00") || p.Name == "" {
				t.Errorf("a part is called %q", p.Name)
			}
		}
		if len(text) == 0 {
			return // nothing but comments
		}
		again, err := aof.ParseManifest(text)
		if err != nil && !strings.Contains(err.Error(), "too long") {
			t.Fatalf("%q is refused when read back: %v", text, err)
		}
		if err == nil && string(again.Append(nil)) != string(text) {
			t.Errorf("%q became %q", text, again.Append(nil))
		}
	})
}
