package tidy

import "testing"

func TestManners(t *testing.T) {
	run(t, []breach{
		{"sleep", checkSleeps, "-- a/a_test.go --\npackage a\nimport \"time\"\nfunc f() { time.Sleep(1) }\n" +
			"-- a/a.go --\npackage a\nimport \"time\"\nfunc f() { time.Sleep(1) }", []string{
			"a/a_test.go:3: time.Sleep in a test: poll with testenv.Eventually or use testing/synctest"}},
		{"fake sleep", checkSleeps, "-- a/a_test.go --\npackage a\nimport (\n\"time\"\n_ \"testing/synctest\"\n)\n" +
			"func f() { time.Sleep(1) }", nil},
		{"init", checkInit, "-- a/a.go --\npackage a\nfunc init() {}\ntype t int\nfunc (t) init() {}", []string{
			"a/a.go:2: init function: make an explicit list or call"}},
		{"globals", checkGlobals, "-- a/a.go --\npackage a\nvar n int\nvar m = map[int]int{}\n" +
			"func f() { n++; m[1] = 2; k := n; k++; n := 1; n++ }\n" +
			"-- a/b.go --\npackage a\nfunc g() { n = 2 }\nfunc h(m []int) { m[0] = 1 }", []string{
			"a/a.go:4: package variable n is written: state has an owner",
			"a/a.go:4: package variable m is written: state has an owner",
			"a/b.go:2: package variable n is written: state has an owner"}},
		{"names", checkNames, "-- a/utils.go --\npackage a\n-- a/helpers_test.go --\npackage a\n-- a/cut.go --\npackage a",
			[]string{"a/utils.go: name the file after its main noun", "a/helpers_test.go: name the file after its main noun"}},
		{"words", checkWords, "-- a/a.go --\npackage a\n// the old word is \"slave\"; the SLAVES went\n" +
			"var masterHost = \"master_host\"", []string{
			"a/a.go:2: comment says SLAVE outside quotes: say primary or replica",
			"a/a.go:3: masterHost: say primary or replica"}},
		{"machine", checkMachinePaths, "-- README.md --\nsee \"/home/me/x\"\nand /var/lib/home/x", []string{
			"README.md:1: names a folder of one machine"}},
		{"debt", checkDebt, "-- a/a.go --\npackage a\n// TO" + "DO: later\n// TO" + "DO(#7): with its issue\n" +
			"var s = \"FIX" + "ME\"", []string{"a/a.go:2: TO" + "DO without an issue number, as in TO" + "DO(#12)"}},
	})
}

func TestComments(t *testing.T) {
	run(t, []breach{
		{"no package comment", checkPackageDocs, "-- a/a.go --\npackage a\n-- a/a_test.go --\n// Package a.\npackage a",
			[]string{"a: no file has a package comment"}},
		{"two package comments", checkPackageDocs, "-- a/a.go --\n// Package a.\npackage a\n" +
			"-- a/b.go --\n// Package a.\npackage a",
			[]string{"a: several package comments: a/a.go, a/b.go"}},
		{"build tag is no comment", checkPackageDocs, "-- a/a.go --\n// Package a.\npackage a\n" +
			"-- a/b.go --\n//go:build linux\n\npackage a", nil},
		{"exported", checkExported, "-- a/a.go --\npackage a\nfunc F() {}\ntype T int\nfunc (T) M() {}\n" +
			"func (T) String() string { return \"\" }\ntype t int\nfunc (t) M() {}\n// K is\nconst K = 1\n// Several.\n" +
			"const (\nA = 1\nB = 2\n)\nvar (\nC = 1 // C is\nD = 2\n)", []string{
			"a/a.go:2: exported F has no comment", "a/a.go:3: exported T has no comment",
			"a/a.go:4: exported T.M has no comment", "a/a.go:17: exported D has no comment"}},
	})
}

func TestCommands(t *testing.T) {
	const head = "-- f/f.go --\npackage f\nimport \"valkey/server/engine\"\n"
	run(t, []breach{
		{"listed", checkCommands, head + "var A = engine.Command{Sub: subs()}\nvar B = engine.Command{}\n" +
			"func subs() []engine.Command { return []engine.Command{B} }\nvar Commands = []engine.Command{A}", nil},
		{"forgotten", checkCommands, head + "var A = engine.Command{}\nvar B engine.Command = other()\n" +
			"var c = &engine.Command{}\nvar Commands = []engine.Command{A}", []string{
			"f/f.go:4: B is not in the list Commands of its package", "f/f.go:5: c is not in the list Commands of its package"}},
		{"no list", checkCommands, head + "var A = engine.Command{}", []string{
			"f/f.go:3: A is not in the list Commands of its package"}},
		{"list elsewhere in the package", checkCommands, head + "var A = engine.Command{}\n" +
			"-- f/list.go --\npackage f\nvar Commands = []any{A}", nil},
	})
}

func TestDocuments(t *testing.T) {
	run(t, []breach{
		{"paths", checkDocPaths, "-- docs/a.md --\n[x](b.md) [y](https://example.com/x) [z](#part) [w](../README.md#part)\n" +
			"`server/engine` `server/engine/strings/get.go` `get.go` `go test ./server/...` `a/b` " +
			"`server/engine.T.mu` `lost.go`\n" +
			"```\n`server/lost`\n```\n`server/gone.go`\n" +
			"-- README.md --\nok\n-- server/engine/get.go --\npackage engine", []string{
			"docs/a.md:1: link to b.md, which does not exist",
			"docs/a.md:2: names server/engine/strings/get.go, which does not exist",
			"docs/a.md:2: names lost.go, which does not exist",
			"docs/a.md:6: names server/gone.go, which does not exist"}},
		{"adr", checkADRs, "-- docs/adr/0001-a.md --\n# 0001. A\n\n## Context\nc\n\n## Decision\nd\n\n" +
			"## Consequences\ne\n\n## What would change our mind\nf\n-- docs/adr/0003-b.md --\n# B\n\n## Context\n" +
			"-- docs/adr/0003-c.md --\n# 0003. C\n" +
			"-- docs/adr/notes.md --\n", []string{
			"docs/adr/0003-b.md:1: the title does not begin with `# 0003. `",
			"docs/adr/0003-b.md: lacks, in its place, the part ## Decision",
			"docs/adr/0003-c.md: has the number of docs/adr/0003-b.md",
			"docs/adr/0003-c.md: lacks, in its place, the part ## Context",
			"docs/adr/notes.md: not of the form NNNN-title.md"}},
		{"locks", checkLocks, "-- server/a.go --\npackage server\nimport \"sync\"\n" +
			"type T struct {\n\tmu struct {\n\t\tsync.Mutex\n\t\tn int\n\t}\n" +
			"\tother *sync.RWMutex\n\tgroup sync.WaitGroup\n}\n" +
			"-- server/a_test.go --\npackage server\nimport \"sync\"\nvar mu sync.Mutex\n" +
			"-- docs/locks.md --\n| mutex | order |\n|---|---|\n| `server.T.mu` | 1 |\n| `server.T.gone` | 2 |", []string{
			"server/a.go:8: server.T.other is not in docs/locks.md",
			"docs/locks.md: server.T.gone is no mutex of the code"}},
	})
}
