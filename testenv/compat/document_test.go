package compat

import (
	"flag"
	"os"
	"strings"
	"testing"

	"valkey/configs"
	"valkey/testenv"
)

//go:generate go test -count=1 -run ^TestDocumentIsCurrent$ -generate .

var generate = flag.Bool("generate", false, "write docs/compat.md")

const documentPath = "../../docs/compat.md"

// lists are the three checked-in lists of this folder.
func lists(t *testing.T) (facts []fact, notes, waiting map[string]string) {
	t.Helper()
	read := func(name string) string {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	facts, err := parseFacts(read("commands.txt"))
	if err != nil {
		t.Fatal(err)
	}
	if notes, err = parseNotes(read("notes.txt")); err != nil {
		t.Fatal(err)
	}
	if waiting, err = parseNotes(read("waiting.txt")); err != nil {
		t.Fatal(err)
	}
	return facts, notes, waiting
}

// TestDocumentIsCurrent compares docs/compat.md with what the server itself lists; with -generate it writes it.
func TestDocumentIsCurrent(t *testing.T) {
	facts, notes, waiting := lists(t)
	known := map[string]bool{}
	for _, f := range facts {
		known[f.name] = true
	}
	have := map[string]bool{}
	for _, s := range []*testenv.Server{testenv.Start(t), testenv.Ours.StartSentinel(t)} {
		listed, _ := s.Client(t).Do("COMMAND", "LIST").([]any)
		if len(listed) == 0 {
			t.Fatal("COMMAND LIST is not answered")
		}
		for _, name := range listed {
			name := strings.ToLower(name.(string))
			have[name] = true
			if !known[name] && ownCommands[name] == "" {
				t.Errorf("the server has %s, which Valkey 9.1.2 has not", name)
			}
		}
	}
	for name := range ownCommands {
		if !have[name] {
			t.Errorf("%s is said to be our own, and is not there", name)
		}
	}
	for _, f := range facts {
		if s := commandState(f, have[f.name], notes); s.word == "not" && s.reason == "" {
			t.Errorf("%s is not there, and notes.txt does not say why", f.name)
		}
	}
	for name := range notes {
		if !known[name] && name[0] != '@' && !strings.HasPrefix(name, fieldPrefix) {
			t.Errorf("notes.txt: %s is no command", name)
		}
	}
	want := document(facts, have, notes, waiting, configs.Directives())
	if *generate {
		if err := os.WriteFile(documentPath, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(documentPath)
	if err != nil || string(got) != want {
		t.Errorf("docs/compat.md is not current: run `make generate` (%v)", err)
	}
}

func TestCommandState(t *testing.T) {
	notes := map[string]string{"sort": "no BY", "@list": "later", "save": "files"}
	tests := []struct {
		f     fact
		there bool
		want  state
	}{
		{fact{name: "get", group: "string"}, true, state{"done", ""}},
		{fact{name: "sort", group: "generic"}, true, state{"partly", "no BY"}},
		{fact{name: "save", group: "server"}, false, state{"not", "files"}},
		{fact{name: "lpush", group: "list"}, false, state{"not", "later"}},
		{fact{name: "x", group: "none"}, false, state{"not", ""}},
	}
	for _, tt := range tests {
		if got := commandState(tt.f, tt.there, notes); got != tt.want {
			t.Errorf("%v, there %t: got %v, want %v", tt.f, tt.there, got, tt.want)
		}
	}
}

func TestParseNotes(t *testing.T) {
	got, err := parseNotes("# head\nMULTI and scripts # scripts\n\nplain # lists\n")
	if err != nil || got["plain"] != "lists" || len(got) != 2 {
		t.Error(got, err)
	}
	for _, bad := range []string{"no reason\n", "a # b\na # c\n"} {
		if _, err := parseNotes(bad); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
}
