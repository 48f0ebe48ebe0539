package tidy

import (
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// rules is every rule by the name that a failing test shows.
var rules = []struct {
	name  string
	check func(*tree) []finding
}{
	{"adrs", checkADRs},
	{"commands", checkCommands},
	{"debt", checkDebt},
	{"docpaths", checkDocPaths},
	{"exported", checkExported},
	{"floors", checkFloors(rooms)},
	{"foreign", checkForeign},
	{"globals", checkGlobals},
	{"init", checkInit},
	{"locks", checkLocks},
	{"machines", checkMachinePaths},
	{"names", checkNames},
	{"packagedocs", checkPackageDocs},
	{"pure", checkPure(rooms)},
	{"sizes", checkSizes},
	{"sleeps", checkSleeps},
	{"words", checkWords},
}

// TestRepository runs every rule on the repository itself.
func TestRepository(t *testing.T) {
	tr, broken, err := load(os.DirFS("../.."))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range broken {
		t.Error(f)
	}
	for _, r := range rules {
		t.Run(r.name, func(t *testing.T) {
			for _, f := range r.check(tr) {
				t.Error(f)
			}
		})
	}
}

// fixture loads a made-up tree from one text: each file begins with a line `-- path --`.
func fixture(t *testing.T, text string) *tree {
	t.Helper()
	m := fstest.MapFS{}
	for part := range strings.SplitSeq("\n"+text, "\n-- ") {
		name, body, ok := strings.Cut(part, " --\n")
		if ok {
			m[name] = &fstest.MapFile{Data: []byte(body + "\n")}
		}
	}
	tr, broken, err := load(m)
	if err != nil || broken != nil {
		t.Fatal(err, broken)
	}
	return tr
}

// breach is a rule, a tree and what the rule must say about it.
type breach struct {
	name  string
	check func(*tree) []finding
	tree  string
	want  []string // the findings, in any order, each in full
}

func run(t *testing.T, tests []breach) {
	t.Helper()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, f := range tt.check(fixture(t, tt.tree)) {
				got = append(got, f.String())
			}
			want := slices.Clone(tt.want)
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("got:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
		})
	}
}

func TestBrokenFileIsAFinding(t *testing.T) {
	_, broken, err := load(fstest.MapFS{"a/a.go": {Data: []byte("package")}})
	if err != nil || len(broken) != 1 || broken[0].path != "a/a.go" {
		t.Fatal(broken, err)
	}
}
