package compat

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"valkey/testenv"
)

var rewrite = flag.Bool("rewrite", false, "record the replies of a real Valkey (needs VALKEY=<folder>)")

func TestMain(m *testing.M) { os.Exit(testenv.Main(m)) }

// TestScripts runs every script on this repository's server, and on a real Valkey when there is one.
func TestScripts(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(paths) == 0 {
		t.Fatal("no scripts", err)
	}
	_, live := testenv.FindValkey()
	if !live {
		t.Log("no real Valkey here: replaying recorded replies")
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txt"), func(t *testing.T) {
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			steps, rest, err := parseScript(string(b))
			if err != nil {
				t.Fatal(path, err)
			}
			if *rewrite {
				record(t, path, steps, rest)
				return
			}
			if live {
				t.Run("valkey", func(t *testing.T) { compare(t, testenv.StartValkey(t, options...), path, steps) })
			}
			t.Run("ours", func(t *testing.T) { compare(t, testenv.Start(t, options...), path, steps) })
		})
	}
}

// options are what both servers start with.
var options = []string{"--enable-debug-command", "yes"}

// record writes the replies of a real Valkey into the script.
func record(t *testing.T, path string, steps []step, rest []string) {
	t.Helper()
	r := runner{addr: testenv.StartValkey(t, options...).Addr, clients: map[string]*testenv.Client{}}
	defer r.close()
	for i, s := range steps {
		reply, err := r.run(s.command)
		if err != nil {
			t.Fatalf("%s:%d: %s: %v", path, s.line, s.command, err)
		}
		steps[i].reply = strings.Split(reply, "\n")
	}
	if err := os.WriteFile(path, []byte(formatScript(steps, rest)), 0o644); err != nil {
		t.Fatal(err)
	}
}

// differencesMax is how many differences of one script are shown.
const differencesMax = 25

// compare runs a script and reports every reply that is not as recorded.
func compare(t *testing.T, s *testenv.Server, path string, steps []step) {
	t.Helper()
	r := runner{addr: s.Addr, clients: map[string]*testenv.Client{}}
	defer r.close()
	differ := 0
	for _, s := range steps {
		reply, err := r.run(s.command)
		if err != nil {
			t.Fatalf("%s:%d: %s: %v", path, s.line, s.command, err)
		}
		if slices.Equal(strings.Split(reply, "\n"), s.reply) {
			continue
		}
		if differ++; differ > differencesMax {
			t.Fatalf("%s: more than %d differences", path, differencesMax)
		}
		t.Errorf("%s:%d: > %s\n%s\nrecorded:\n%s", path, s.line, s.command, reply, strings.Join(s.reply, "\n"))
	}
}

func TestScriptRoundTrip(t *testing.T) {
	const text = "# head\n\n> GET a\n(nil)\n> [b] .shape \"x y\"\narray of 1:\n  map: (empty)\n\n# tail\n"
	steps, rest, err := parseScript(text)
	if err != nil || len(steps) != 2 {
		t.Fatal(steps, err)
	}
	if got := formatScript(steps, rest); got != text {
		t.Errorf("got %q", got)
	}
	if _, _, err := parseScript("OK\n"); err == nil {
		t.Error("a reply without its command was accepted")
	}
}

func TestFormat(t *testing.T) {
	tests := []struct {
		v           any
		text, shape string
	}{
		{testenv.Simple("OK"), "OK", "status"},
		{testenv.Null("$-1"), "(nil)", "(nil)"},
		{"a\r\n", `"a\r\n"`, "bulk"},
		{testenv.Set{"b", "a"}, `set: "a" "b"`, "set: bulk"},
		{[]any{}, "array: (empty)", "array: (empty)"},
		{[]any{int64(1), []any{"x"}}, "array of 2:\n  (integer) 1\n  array: \"x\"", "array of 2:\n  integer\n  array: bulk"},
		{testenv.Map{"k", int64(1)}, `map: "k" => (integer) 1`, `map: "k" => integer`},
		{testenv.Map{"k", []any{"a", "b"}}, "map of 1:\n  \"k\" => array: \"a\" \"b\"", "map of 1:\n  \"k\" => array: bulk"},
	}
	for _, tt := range tests {
		if got := format(tt.v); got != tt.text {
			t.Errorf("format: got %s, want %s", got, tt.text)
		}
		if got := shape(tt.v); got != tt.shape {
			t.Errorf("shape: got %s, want %s", got, tt.shape)
		}
	}
}

func TestSplitWords(t *testing.T) {
	got, err := splitWords(`SET k  "a b\x00" ""`)
	if want := []string{"SET", "k", "a b\x00", ""}; err != nil || !slices.Equal(got, want) {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := splitWords(`GET "a`); err == nil {
		t.Error("unbalanced quotes were accepted")
	}
}
