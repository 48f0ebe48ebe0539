package tidy

import (
	"fmt"
	"go/ast"
	"go/token"
	"path"
	"regexp"
	"slices"
	"strings"
)

var (
	fence    = regexp.MustCompile("(?ms)^```.*?^```$")
	mdLink   = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	mdCode   = regexp.MustCompile("`([^`\n]+)`")
	pathLike = regexp.MustCompile(`^\.{0,2}[\w.\-]*(/[\w.\-]+)+/?$|^[\w\-]+\.(go|md|conf|txt|yaml)$`)
)

// codeName tells folder.Type and folder.type.field, which are names in the code and no paths.
var codeName = regexp.MustCompile(`\.[A-Z]\w*$|(^|/)\w+\.\w+\.\w+$`)

// ownFolders are the first parts of a path that a document can only mean as one of ours.
var ownFolders = []string{
	".ci", "cmd", "configs", "docs", "frontend", "internal", "quorum", "sentinel", "server", "store", "testenv", "tools",
}

// checkDocPaths wants every path that a document names to exist: link targets, and code spans that look like a
// path. Fenced blocks are pictures and examples; the change log and the decisions speak of their own day.
func checkDocPaths(t *tree) (out []finding) {
	for _, doc := range sortedKeys(t.texts) {
		if path.Ext(doc) != ".md" || doc == "CHANGELOG.md" {
			continue
		}
		text := fence.ReplaceAllStringFunc(t.texts[doc], func(s string) string {
			return strings.Repeat("\n", strings.Count(s, "\n"))
		})
		for i, l := range strings.Split(text, "\n") {
			for _, m := range mdLink.FindAllStringSubmatch(l, -1) {
				target, _, _ := strings.Cut(m[1], "#")
				if target == "" || strings.Contains(target, ":") {
					continue
				}
				if !t.paths[path.Join(path.Dir(doc), target)] {
					out = append(out, finding{doc, i + 1, "link to " + target + ", which does not exist"})
				}
			}
			if under(doc, "docs/adr") {
				continue
			}
			for _, m := range mdCode.FindAllStringSubmatch(l, -1) {
				for word := range strings.FieldsSeq(m[1]) {
					if p, ok := ownPath(word); ok && !t.named(path.Dir(doc), p) {
						out = append(out, finding{doc, i + 1, "names " + word + ", which does not exist"})
					}
				}
			}
		}
	}
	return out
}

// ownPath tells whether a word of a code span means a file or folder of the repository.
func ownPath(word string) (string, bool) {
	word = strings.TrimSuffix(strings.TrimSuffix(word, "..."), "/")
	word = strings.TrimPrefix(word, "./")
	if !pathLike.MatchString(word) || codeName.MatchString(word) {
		return "", false
	}
	first, _, nested := strings.Cut(word, "/")
	return word, !nested || slices.Contains(ownFolders, first)
}

// named looks a path up from the root, from the document's folder, and, without a slash, by its name anywhere.
func (t *tree) named(dir, p string) bool {
	if t.paths[p] || t.paths[path.Join(dir, p)] {
		return true
	}
	if strings.Contains(p, "/") {
		return false
	}
	for e := range t.paths {
		if path.Base(e) == p {
			return true
		}
	}
	return false
}

var (
	adrName = regexp.MustCompile(`^(\d{4})-[a-z0-9-]+\.md$`)
	// adrParts are the headings that a decision has, in this order.
	adrParts = []string{"## Context", "## Decision", "## Consequences", "## What would change our mind"}
)

// checkADRs holds docs/adr to its form: a number of its own, the title with it, the four parts. Gaps are fine: a
// number is taken when its issue comes.
func checkADRs(t *tree) (out []finding) {
	const dir = "docs/adr"
	owner := map[string]string{}
	for _, p := range sortedKeys(t.texts) {
		if path.Dir(p) != dir {
			continue
		}
		m := adrName.FindStringSubmatch(path.Base(p))
		if m == nil {
			out = append(out, finding{path: p, text: "not of the form NNNN-title.md"})
			continue
		}
		if other := owner[m[1]]; other != "" {
			out = append(out, finding{path: p, text: "has the number of " + other})
		}
		owner[m[1]] = p
		if !strings.HasPrefix(t.texts[p], "# "+m[1]+". ") {
			out = append(out, finding{path: p, line: 1, text: "the title does not begin with `# " + m[1] + ". `"})
		}
		rest := t.texts[p]
		for _, h := range adrParts {
			_, after, ok := strings.Cut(rest, "\n"+h+"\n")
			if !ok {
				out = append(out, finding{path: p, text: "lacks, in its place, the part " + h})
				break
			}
			rest = after
		}
	}
	return out
}

// locksPath lists every mutex; more than locksMax of them, of two servers and of the doubles that tests use, ask for a
// review of the design, not for a longer list.
const (
	locksPath = "docs/locks.md"
	locksMax  = 13
)

var lockRow = regexp.MustCompile("(?m)^\\| *`([\\w./]+)` *\\|")

// checkLocks compares the rows of docs/locks.md with the mutexes in the code, both ways. Tests and test support may
// lock as they like.
func checkLocks(t *tree) (out []finding) {
	listed := map[string]bool{}
	for _, m := range lockRow.FindAllStringSubmatch(t.texts[locksPath], -1) {
		listed[m[1]] = true
	}
	total := 0
	for _, f := range t.files {
		if r := roomOf(rooms, f.dir); f.test || r != nil && r.floor == floorT {
			continue
		}
		for _, m := range mutexes(f) {
			if total++; !listed[m.text] {
				out = append(out, finding{f.path, t.line(m.pos), m.text + " is not in " + locksPath})
			}
			delete(listed, m.text)
		}
	}
	for _, name := range sortedKeys(listed) {
		out = append(out, finding{path: locksPath, text: name + " is no mutex of the code"})
	}
	if total > locksMax {
		why := fmt.Sprintf("%d mutexes, limit %d: review the design", total, locksMax)
		out = append(out, finding{path: locksPath, text: why})
	}
	return out
}

// located is a name with its place.
type located struct {
	pos  token.Pos
	text string
}

// mutexes finds every declared sync.Mutex and sync.RWMutex of a file, named folder.Type.field, or folder.name for a
// variable. A mutex inside an anonymous struct has the name of that struct's field.
func mutexes(f *file) (out []located) {
	sync := f.importName("sync")
	if sync == "" {
		return nil
	}
	var fields func(name string, s *ast.StructType)
	declared := func(name string, typ ast.Expr) {
		switch x := typ.(type) {
		case *ast.StructType:
			fields(name, x)
		case *ast.ArrayType:
			if isMutex(sync, x.Elt) {
				out = append(out, located{typ.Pos(), name})
			}
		default:
			if isMutex(sync, typ) {
				out = append(out, located{typ.Pos(), name})
			}
		}
	}
	fields = func(name string, s *ast.StructType) {
		for _, fl := range s.Fields.List {
			if len(fl.Names) == 0 && isMutex(sync, fl.Type) {
				out = append(out, located{fl.Pos(), name})
			}
			for _, n := range fl.Names {
				declared(name+"."+n.Name, fl.Type)
			}
		}
	}
	f.inspect(func(n ast.Node) {
		switch n := n.(type) {
		case *ast.TypeSpec:
			if s, ok := n.Type.(*ast.StructType); ok {
				fields(f.dir+"."+n.Name.Name, s)
			}
		case *ast.ValueSpec:
			for _, id := range n.Names {
				declared(f.dir+"."+id.Name, n.Type)
			}
		}
	})
	return out
}

func isMutex(sync string, e ast.Expr) bool {
	if p, ok := e.(*ast.StarExpr); ok {
		e = p.X
	}
	sel, ok := e.(*ast.SelectorExpr)
	if !ok || sel.Sel.Name != "Mutex" && sel.Sel.Name != "RWMutex" {
		return false
	}
	id, ok := sel.X.(*ast.Ident)
	return ok && id.Name == sync
}
