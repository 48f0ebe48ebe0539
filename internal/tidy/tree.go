package tidy

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

// module is the name in go.mod; an import that begins with it is one of ours.
const module = "valkey"

// tree is every text file of the repository, with the Go files parsed.
type tree struct {
	fset  *token.FileSet
	texts map[string]string // by slash path from the root: *.go, *.md, Makefile, scripts and the like
	paths map[string]bool   // every file and folder, fixtures too
	files []*file           // Go files, by path
}

// file is one parsed Go file.
type file struct {
	path string // from the root
	dir  string // its folder, "." for the root
	src  string
	ast  *ast.File
	test bool // its name ends in _test.go
}

// finding is one breach of a rule.
type finding struct {
	path string
	line int // 0 where the whole file is meant
	text string
}

func (f finding) String() string {
	if f.line == 0 {
		return f.path + ": " + f.text
	}
	return fmt.Sprintf("%s:%d: %s", f.path, f.line, f.text)
}

// skippedFolders are not ours to judge: products, fixtures, and what git keeps.
var skippedFolders = []string{".git", "bin", "testdata", "vendor", ".fleet"}

// load reads a tree. A Go file that does not parse is a finding, not an error, so that every rule still runs.
func load(fsys fs.FS) (*tree, []finding, error) {
	t := &tree{fset: token.NewFileSet(), texts: map[string]string{}, paths: map[string]bool{}}
	var broken []finding
	err := fs.WalkDir(fsys, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.Name() != ".git" {
			t.paths[p] = true
		}
		if d.IsDir() {
			if slices.Contains(skippedFolders, d.Name()) {
				return fs.SkipDir
			}
			return nil
		}
		if !isText(p) {
			return nil
		}
		b, err := fs.ReadFile(fsys, p)
		if err != nil {
			return err
		}
		t.texts[p] = string(b)
		if path.Ext(p) != ".go" {
			return nil
		}
		f, err := parser.ParseFile(t.fset, p, b, parser.ParseComments)
		if err != nil {
			broken = append(broken, finding{path: p, text: "does not parse: " + err.Error()})
			return nil
		}
		t.files = append(t.files, &file{
			path: p, dir: path.Dir(p), src: string(b), ast: f, test: strings.HasSuffix(p, "_test.go"),
		})
		return nil
	})
	if err != nil {
		return nil, nil, fmt.Errorf("tidy: %w", err)
	}
	return t, broken, nil
}

// isText tells the files that rules read: sources, documents, scripts and tables.
func isText(p string) bool {
	switch path.Ext(p) {
	case ".go", ".md", ".txt", ".yaml", ".conf", ".s", ".mod", ".service", "":
		return true
	}
	return false
}

// line is the line of a position.
func (t *tree) line(p token.Pos) int { return t.fset.Position(p).Line }

// at makes a finding at a position of a file.
func (t *tree) at(f *file, p token.Pos, format string, args ...any) finding {
	return finding{path: f.path, line: t.line(p), text: fmt.Sprintf(format, args...)}
}

// packages groups the files that are not tests by folder.
func (t *tree) packages() map[string][]*file {
	m := map[string][]*file{}
	for _, f := range t.files {
		if !f.test {
			m[f.dir] = append(m[f.dir], f)
		}
	}
	return m
}

// dirs are the folders of packages, sorted.
func dirs(m map[string][]*file) []string {
	var ds []string
	for d := range m {
		ds = append(ds, d)
	}
	slices.Sort(ds)
	return ds
}

// importPath is an import's path without its quotes.
func importPath(s *ast.ImportSpec) string {
	p, err := strconv.Unquote(s.Path.Value)
	if err != nil {
		return s.Path.Value
	}
	return p
}

// importName is the name by which a file refers to an imported package, "" when it does not import it.
func (f *file) importName(pkg string) string {
	for _, s := range f.ast.Imports {
		if importPath(s) != pkg {
			continue
		}
		if s.Name != nil {
			return s.Name.Name
		}
		name := path.Base(pkg)
		if len(name) > 1 && name[0] == 'v' && name[1] >= '0' && name[1] <= '9' { // math/rand/v2 is called rand
			name = path.Base(path.Dir(pkg))
		}
		return name
	}
	return ""
}

// uses calls found for every selector pkg.Name in the file.
func (f *file) uses(pkg string, found func(sel *ast.SelectorExpr)) {
	name := f.importName(pkg)
	if name == "" {
		return
	}
	ast.Inspect(f.ast, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok {
			if id, ok := sel.X.(*ast.Ident); ok && id.Name == name && id.Obj == nil {
				found(sel)
			}
		}
		return true
	})
}

// under tells whether a folder is dir or lies below it.
func under(folder, dir string) bool { return folder == dir || strings.HasPrefix(folder, dir+"/") }

// sortedKeys are the keys of a map in order, so that findings come out the same every time.
func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
