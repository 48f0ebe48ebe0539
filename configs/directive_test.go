package configs

import (
	"os"
	"reflect"
	"strings"
	"testing"
)

// readSettings reads a file of recorded settings, "name value" a line.
func readSettings(t *testing.T, name string) []Setting {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var all []Setting
	for text := range strings.Lines(string(data)) {
		name, value, _ := strings.Cut(strings.TrimSuffix(text, "\n"), " ")
		all = append(all, Setting{name, value})
	}
	return all
}

// TestDefaults compares every name and default with what Valkey 9.1.2 answers to CONFIG GET: `*` for the visible
// directives, their names for the hidden ones.
func TestDefaults(t *testing.T) {
	c := New()
	want := readSettings(t, "testdata/defaults.txt")
	got := c.Get("*")
	for i := range max(len(got), len(want)) {
		if i >= len(got) || i >= len(want) || got[i] != want[i] {
			t.Fatalf("CONFIG GET * differs at %d:\n got %q\nwant %q", i, got[min(i, len(got)):], want[min(i, len(want)):])
		}
	}
	hidden := readSettings(t, "testdata/hidden.txt")
	for _, s := range hidden {
		if got := c.Get(s.Name); len(got) != 1 || got[0] != s {
			t.Errorf("CONFIG GET %s gives %q, not %q", s.Name, got, s.Value)
		}
		if d, _ := Lookup(s.Name); !d.Has(Hidden) {
			t.Errorf("%s is not hidden", s.Name)
		}
	}
	own := 0
	for _, d := range Directives() {
		if d.Has(Own) {
			own++
		}
	}
	if names := len(loadTable().byName); names != len(want)+len(hidden)+own {
		t.Errorf("the table has %d names, the recordings %d, and %d are our own", names, len(want)+len(hidden), own)
	}
}

func TestTableAndStruct(t *testing.T) {
	fields := reflect.TypeFor[Server]()
	used := map[int]string{}
	for _, d := range Directives() {
		if other, taken := used[d.index]; taken {
			t.Errorf("%s and %s share a field", d.Name, other)
		}
		used[d.index] = d.Name
		if d.Topic == "" || !strings.HasSuffix(d.Doc, ".") || strings.TrimSpace(d.Doc) != d.Doc {
			t.Errorf("%s: no topic, or its doc is no sentence: %q", d.Name, d.Doc)
		}
		if d.Inert != "" && d.Pending != "" {
			t.Errorf("%s cannot be both inert and pending", d.Name)
		}
		if strings.ToLower(d.Name) != d.Name {
			t.Errorf("%s is not lower case", d.Name)
		}
	}
	for i := range fields.NumField() {
		name := fields.Field(i).Name
		if used[i] == "" && name != "RenameCommand" && name != "User" {
			t.Errorf("no directive sets Server.%s", name)
		}
	}
}

// TestDefaultsAreValid sets every directive to its default, which has to change nothing and to be accepted: what
// CONFIG GET shows, CONFIG SET takes.
func TestDefaultsAreValid(t *testing.T) {
	for _, d := range Directives() {
		s := Defaults()
		if err := d.set(&s, setArgs(d, &s, d.Default())); err != nil {
			if d.Name != "replicaof" { // CONFIG SET never sets it
				t.Errorf("%s refuses its default: %v", d.Name, err)
			}
			continue
		}
		if got := d.get(&s); got != d.Default() {
			t.Errorf("%s: its default %q becomes %q", d.Name, d.Default(), got)
		}
		for _, l := range d.kind.lines(d.field(&s)) {
			always := d.Name == "dir" || d.Name == "save" || d.Name == "latency-tracking-info-percentiles"
			if l.forced != always {
				t.Errorf("%s: the line of its default %q has forced %v", d.Name, l.text, l.forced)
			}
		}
	}
}

func TestIneffective(t *testing.T) {
	s := Defaults()
	if got := s.Ineffective(); len(got) != 0 {
		t.Fatalf("the defaults have %q", got[0].Name)
	}
	s.RdmaPort, s.Maxmemory = 1, 1
	if got := s.Ineffective(); len(got) != 1 || got[0].Name != "rdma-port" {
		t.Errorf("got %d directives", len(got))
	}
}

func TestNotifyFlags(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "KEA": "AKE", "AKEm": "AKEm", "g$lshzxetd": "A", "nKg": "gnK", "An": "A", "Kg$": "g$K", "mE": "Em",
	} {
		f, ok := parseNotify(in)
		if !ok || f.String() != want {
			t.Errorf("%q becomes %q, not %q", in, f.String(), want)
		}
	}
	if _, ok := parseNotify("Kq"); ok {
		t.Error("an unknown letter was taken")
	}
}
