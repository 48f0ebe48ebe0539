package command

import (
	"errors"
	"strings"
	"testing"
)

// handler stands for a server's handler type.
type handler func() string

func named(name string) handler { return func() string { return name } }

// cmd is a minimal valid command.
func cmd(name string, arity int, sub ...Command[handler]) Command[handler] {
	return Command[handler]{
		Spec: Spec{Name: name, Arity: arity, Group: GroupServer, Since: "1.0.0", Summary: "Does something."},
		Run:  named(name), Sub: sub,
	}
}

func argv(line string) [][]byte {
	var out [][]byte
	for w := range strings.FieldsSeq(line) {
		out = append(out, []byte(w))
	}
	return out
}

func TestLookup(t *testing.T) {
	table := NewTable([]Command[handler]{
		cmd("get", 2), cmd("ping", -1), cmd("georadiusbymember_ro", -5), cmd("a", 1), cmd("restore-asking", -4),
	}, []Command[handler]{
		cmd("config", -2, cmd("get", -3), cmd("help", 2), cmd("count-failure-reports", 3)),
	})
	for _, tt := range []struct {
		line string
		want string
		ok   bool
	}{
		{"get k", "get", true},
		{"GET", "get", true},
		{"gEt a b c", "get", true},
		{"A", "a", true},
		{"GeoRadiusByMember_RO", "georadiusbymember_ro", true},
		{"GeoRadiusByMember-RO", "", false},
		{"RESTORE-ASKING", "restore-asking", true},
		{"restore\rasking", "", false},
		{"ge", "", false},
		{"gett", "", false},
		{"G\x05T", "", false},
		{"ge\xd4", "", false},
		{"config", "config", true},
		{"config GET x", "config|get", true},
		{"CONFIG Count-Failure-Reports", "config|count-failure-reports", true},
		{"CONFIG nope", "config", false},
		{"", "", false},
		{strings.Repeat("x", 5000), "", false},
	} {
		e, ok := table.Lookup(argv(tt.line))
		name := ""
		if e != nil {
			name = e.FullName
		}
		if name != tt.want || ok != tt.ok {
			t.Errorf("Lookup(%.40q) = %q, %v; want %q, %v", tt.line, name, ok, tt.want, tt.ok)
		}
	}
	for id := range table.Len() {
		if d, e := table.Decl(id), &table.entries[id]; d != &e.Decl || d.ID != id || e.Run() != d.Name {
			t.Errorf("entry %d is %s with id %d, handler %s", id, d.FullName, d.ID, e.Run())
		}
	}
}

func TestLookupWithoutName(t *testing.T) {
	table := NewTable([]Command[handler]{cmd("get", 2)})
	if e, ok := table.Lookup([][]byte{{}}); e != nil || ok {
		t.Errorf("empty name found %v", e)
	}
}

func TestByFullName(t *testing.T) {
	table := NewTable([]Command[handler]{cmd("get", 2), cmd("config", -2, cmd("get", -3))})
	for name, want := range map[string]string{
		"get": "get", "CONFIG": "config", "config|GET": "config|get", "config|nope": "", "get|x": "", "nope": "",
		"config|get|x": "", "config|": "", "": "", "|": "",
	} {
		got := ""
		if e := table.ByFullName([]byte(name)); e != nil {
			got = e.FullName
		}
		if got != want {
			t.Errorf("ByFullName(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestRename(t *testing.T) {
	long := strings.Repeat("b840fc02d5240454", 4)
	table := NewTable([]Command[handler]{cmd("get", 2), cmd("set", 3), cmd("flushall", -1)})
	if err := table.Rename("FLUSHALL", long); err != nil {
		t.Fatal(err)
	}
	if err := table.Rename("set", ""); err != nil {
		t.Fatal(err)
	}
	if err := table.Rename("get", strings.ToUpper(long)); !errors.Is(err, ErrNameTaken) {
		t.Errorf("taken name: %v", err)
	}
	if err := table.Rename("set", "x"); !errors.Is(err, ErrNoSuchCommand) {
		t.Errorf("removed command: %v", err)
	}
	for name, want := range map[string]string{
		"flushall": "", "set": "", "get": "get", strings.ToUpper(long): "flushall", long[1:] + "x": "",
		long[:20] + "zzzz" + long[24:]: "",
	} {
		got := ""
		if e, _ := table.Lookup(argv(name)); e != nil {
			got = e.FullName
		}
		if got != want {
			t.Errorf("Lookup(%q) = %q, want %q", name, got, want)
		}
	}
	if n := len(table.Commands()); n != 2 {
		t.Errorf("%d commands after one removal of three", n)
	}
}

func TestNewTableRefuses(t *testing.T) {
	for name, families := range map[string][]Command[handler]{
		"duplicate":            {cmd("get", 2), cmd("get", 2)},
		"duplicate subcommand": {cmd("config", -2, cmd("get", 2), cmd("get", 2))},
		"nested":               {cmd("config", -2, cmd("get", 2, cmd("x", 3)))},
		"bad declaration":      {cmd("GET", 2)},
	} {
		func() {
			defer func() {
				if r, _ := recover().(string); !strings.HasPrefix(r, "BUG: command: ") {
					t.Errorf("%s: recovered %q", name, r)
				}
			}()
			NewTable(families)
		}()
	}
}

func TestLookupDoesNotAllocate(t *testing.T) {
	table := NewTable([]Command[handler]{cmd("get", 2), cmd("config", -2, cmd("get", -3))})
	call := argv("CONFIG GET x")
	if n := testing.AllocsPerRun(100, func() { table.Lookup(call) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkLookup(b *testing.B) {
	table := NewTable([]Command[handler]{cmd("get", 2), cmd("set", -3), cmd("zrangebyscore", -4), cmd("ping", -1)})
	calls := [][][]byte{argv("GET k"), argv("set k v"), argv("ZRANGEBYSCORE k 1 2"), argv("PING")}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		table.Lookup(calls[i&3])
	}
}
