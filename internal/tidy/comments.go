package tidy

import (
	"go/ast"
	"regexp"
	"slices"
	"strings"
)

// checkPackageDocs wants exactly one doc comment a package.
func checkPackageDocs(t *tree) (out []finding) {
	pkgs := t.packages()
	for _, dir := range dirs(pkgs) {
		var in []string
		for _, f := range pkgs[dir] {
			if f.ast.Doc != nil && strings.TrimSpace(f.ast.Doc.Text()) != "" {
				in = append(in, f.path)
			}
		}
		switch len(in) {
		case 0:
			out = append(out, finding{path: dir, text: "no file has a package comment"})
		case 1:
		default:
			out = append(out, finding{path: dir, text: "several package comments: " + strings.Join(in, ", ")})
		}
	}
	return out
}

// selfExplained are methods whose meaning the language or the standard library fixes.
var selfExplained = []string{"Error", "Len", "Less", "String", "Swap", "Unwrap"}

// checkExported wants a sentence on every exported name outside main packages. In a group of constants or variables
// the comment of the group or of the line will do.
func checkExported(t *tree) (out []finding) {
	for _, f := range t.files {
		if f.test || f.ast.Name.Name == "main" || ast.IsGenerated(f.ast) {
			continue
		}
		for _, d := range f.ast.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Name.IsExported() && d.Doc.Text() == "" && !silentMethod(d) {
					out = append(out, t.at(f, d.Pos(), "exported %s has no comment", funcName(d)))
				}
			case *ast.GenDecl:
				for _, id := range undocumented(d) {
					out = append(out, t.at(f, id.Pos(), "exported %s has no comment", id.Name))
				}
			}
		}
	}
	return out
}

// silentMethod tells methods that need no words: well-known ones, and those of types that nobody outside names.
func silentMethod(d *ast.FuncDecl) bool {
	if d.Recv == nil {
		return false
	}
	return slices.Contains(selfExplained, d.Name.Name) || !ast.IsExported(typeName(d.Recv.List[0].Type))
}

func undocumented(d *ast.GenDecl) (out []*ast.Ident) {
	for _, s := range d.Specs {
		switch s := s.(type) {
		case *ast.TypeSpec:
			if s.Name.IsExported() && d.Doc.Text() == "" && s.Doc.Text() == "" && s.Comment.Text() == "" {
				out = append(out, s.Name)
			}
		case *ast.ValueSpec:
			if d.Doc.Text() != "" || s.Doc.Text() != "" || s.Comment.Text() != "" {
				continue
			}
			for _, n := range s.Names {
				if n.IsExported() {
					out = append(out, n)
				}
			}
		}
	}
	return out
}

var debtMark = regexp.MustCompile(`\b(` + `TODO|FIXME|XXX|HACK)\b(\(#\d+\))?`)

// checkDebt lets a reminder stand only with the number of the issue that will pay it.
func checkDebt(t *tree) (out []finding) {
	for _, f := range t.files {
		for _, g := range f.ast.Comments {
			for _, c := range g.List {
				for _, m := range debtMark.FindAllStringSubmatch(c.Text, -1) {
					if m[2] == "" {
						out = append(out, t.at(f, c.Pos(), "%s without an issue number, as in %[1]s(#12)", m[1]))
					}
				}
			}
		}
	}
	return out
}

var (
	oldWords    = regexp.MustCompile(`(?i)master|slave`)
	quotedParts = regexp.MustCompile("`[^`]*`|\"[^\"]*\"|'[^']*'")
)

// checkWords keeps primary and replica in names and comments; the wire's old words live in strings, and in a
// comment only between quotes.
func checkWords(t *tree) (out []finding) {
	for _, f := range t.files {
		if under(f.dir, "internal/tidy") { // which has to name what it bans
			continue
		}
		seen := map[string]bool{}
		f.inspect(func(n ast.Node) {
			id, ok := n.(*ast.Ident)
			if ok && oldWords.MatchString(id.Name) && !seen[id.Name] {
				seen[id.Name] = true
				out = append(out, t.at(f, id.Pos(), "%s: say primary or replica", id.Name))
			}
		})
		for _, g := range f.ast.Comments {
			for _, c := range g.List {
				if w := oldWords.FindString(quotedParts.ReplaceAllString(c.Text, "")); w != "" {
					out = append(out, t.at(f, c.Pos(), "comment says %s outside quotes: say primary or replica", w))
				}
			}
		}
	}
	return out
}

// personalPaths are folders of somebody's own machine.
var personalPaths = regexp.MustCompile(`(^|[\s"'` + "`" + `=(])(/home/|/root/|/Users/|[A-Z]:\\Users)`)

// checkMachinePaths keeps the machine of whoever writes out of what they write.
func checkMachinePaths(t *tree) (out []finding) {
	for p, s := range t.texts {
		if under(p, "internal/tidy") {
			continue
		}
		for i, l := range strings.Split(s, "\n") {
			if personalPaths.MatchString(l) {
				out = append(out, finding{p, i + 1, "names a folder of one machine"})
			}
		}
	}
	return out
}
