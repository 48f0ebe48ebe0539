package tidy

import (
	"cmp"
	"fmt"
	"go/ast"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// The limits of size. Aim far below them.
const (
	fileLinesMax     = 800
	testFileLinesMax = 1500
	funcLinesMax     = 80
	lineColumnsMax   = 120
)

// ratchetPath is the list of exceptions.
const ratchetPath = "internal/tidy/ratchet.txt"

// size is a measured breach: what it is, where, how large.
type size struct {
	key  string // "file path", "func path Name" or "line path"; the form of ratchet.txt
	path string
	line int
	n    int
	text string
}

// checkSizes compares every file, function and line with the limits, less what ratchet.txt lets pass.
func checkSizes(t *tree) (out []finding) {
	allowed, out := parseRatchet(t.texts[ratchetPath])
	for _, s := range measure(t) {
		e, listed := allowed[s.key]
		switch {
		case !listed:
			out = append(out, finding{s.path, s.line, s.text})
		case s.n > e.n:
			out = append(out, finding{s.path, s.line, fmt.Sprintf("%s; ratchet.txt allows %d and may only shrink", s.text, e.n)})
		case s.n < e.n:
			out = append(out, finding{ratchetPath, e.line, fmt.Sprintf("%s is down to %d: lower the number", s.key, s.n)})
		}
		delete(allowed, s.key)
	}
	for key, e := range allowed {
		out = append(out, finding{ratchetPath, e.line, key + " keeps the limit now: remove the line"})
	}
	slices.SortFunc(out, func(a, b finding) int {
		return cmp.Or(strings.Compare(a.path, b.path), a.line-b.line, strings.Compare(a.text, b.text))
	})
	return out
}

// measure finds everything over a limit.
func measure(t *tree) (out []size) {
	for _, f := range t.files {
		limit := fileLinesMax
		if f.test {
			limit = testFileLinesMax
		}
		if n := strings.Count(f.src, "\n"); n > limit && !ast.IsGenerated(f.ast) {
			out = append(out, size{"file " + f.path, f.path, 0, n, fmt.Sprintf("%d lines, limit %d", n, limit)})
		}
		out = append(out, longFuncs(t, f)...)
		if s, long := longLines(f); long {
			out = append(out, s)
		}
	}
	return out
}

func longFuncs(t *tree, f *file) (out []size) {
	for _, d := range f.ast.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok || fn.Body == nil {
			continue
		}
		n := t.line(fn.End()) - t.line(fn.Pos()) + 1
		if n > funcLinesMax {
			name := funcName(fn)
			out = append(out, size{"func " + f.path + " " + name, f.path, t.line(fn.Pos()), n,
				fmt.Sprintf("%s has %d lines, limit %d", name, n, funcLinesMax)})
		}
	}
	return out
}

// longLines counts the lines over the limit. A tab counts as one character, as in a diff's arithmetic.
func longLines(f *file) (size, bool) {
	s := size{key: "line " + f.path, path: f.path}
	for i, l := range strings.Split(f.src, "\n") {
		if utf8.RuneCountInString(l) <= lineColumnsMax {
			continue
		}
		if s.n++; s.line == 0 {
			s.line = i + 1
		}
	}
	s.text = fmt.Sprintf("%d lines are longer than %d characters, here the first", s.n, lineColumnsMax)
	return s, s.n > 0 && !ast.IsGenerated(f.ast)
}

// funcName is Type.Method or Func.
func funcName(fn *ast.FuncDecl) string {
	if fn.Recv == nil || len(fn.Recv.List) == 0 {
		return fn.Name.Name
	}
	return typeName(fn.Recv.List[0].Type) + "." + fn.Name.Name
}

// typeName is the bare name of a receiver or field type: T of *T[K].
func typeName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.StarExpr:
		return typeName(e.X)
	case *ast.IndexExpr:
		return typeName(e.X)
	case *ast.IndexListExpr:
		return typeName(e.X)
	case *ast.Ident:
		return e.Name
	}
	return ""
}

// exception is a line of ratchet.txt.
type exception struct {
	n    int
	line int
}

// parseRatchet reads lines of the form "func path Name 123 # reason".
func parseRatchet(s string) (map[string]exception, []finding) {
	m := map[string]exception{}
	var bad []finding
	for i, l := range strings.Split(s, "\n") {
		if l == "" || l[0] == '#' {
			continue
		}
		rule, reason, _ := strings.Cut(l, " # ")
		at := strings.LastIndexByte(rule, ' ')
		n, err := strconv.Atoi(rule[at+1:])
		kind, _, _ := strings.Cut(rule, " ")
		if err != nil || at < 0 || reason == "" || !slices.Contains([]string{"file", "func", "line"}, kind) {
			bad = append(bad, finding{ratchetPath, i + 1, "not of the form `file|func|line path [name] number # reason`"})
			continue
		}
		m[rule[:at]] = exception{n, i + 1}
	}
	return m, bad
}
