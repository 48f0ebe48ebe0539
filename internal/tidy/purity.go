package tidy

import (
	"go/ast"
	"slices"
	"strings"
)

// impureImports are packages that a pure floor has no use for.
var impureImports = map[string]string{
	"crypto/rand": "randomness is an argument",
	"log":         "what happened comes back as a value",
	"log/slog":    "what happened comes back as a value",
	"math/rand":   "use math/rand/v2 with a seed that the caller gives",
	"net":         "sockets belong to a shell",
	"net/http":    "sockets belong to a shell",
	"os":          "files belong to a shell",
	"os/exec":     "processes belong to a shell",
	"os/signal":   "signals belong to a shell",
	"sync":        "a pure floor has one caller at a time",
}

// clockNames are the names of package time that read or run a clock.
var clockNames = []string{
	"After", "AfterFunc", "NewTicker", "NewTimer", "Now", "Since", "Sleep", "Tick", "Until",
}

// seededNames are what math/rand/v2 offers without its hidden global source.
var seededNames = []string{"ChaCha8", "New", "NewChaCha8", "NewPCG", "NewZipf", "PCG", "Rand", "Source", "Zipf"}

// checkPure keeps goroutines, locks, sockets, files, the clock and global randomness out of the pure rooms. Test
// files are free: they may race a pure thing on purpose.
func checkPure(rooms []room) func(*tree) []finding {
	return func(t *tree) (out []finding) {
		for _, f := range t.files {
			if r := roomOf(rooms, f.dir); r == nil || !r.pure || f.test {
				continue
			}
			for _, s := range f.ast.Imports {
				if why, bad := impureImports[importPath(s)]; bad {
					out = append(out, t.at(f, s.Pos(), "a pure floor imports %s: %s", importPath(s), why))
				}
			}
			f.inspect(func(n ast.Node) {
				if g, ok := n.(*ast.GoStmt); ok {
					out = append(out, t.at(f, g.Pos(), "a pure floor starts a goroutine: goroutines belong to a shell"))
				}
			})
			f.uses("time", func(sel *ast.SelectorExpr) {
				if slices.Contains(clockNames, sel.Sel.Name) {
					out = append(out, t.at(f, sel.Pos(), "a pure floor calls time.%s: time is an argument", sel.Sel.Name))
				}
			})
			f.uses("math/rand/v2", func(sel *ast.SelectorExpr) {
				if !slices.Contains(seededNames, sel.Sel.Name) {
					out = append(out, t.at(f, sel.Pos(), "a pure floor calls rand.%s: a seeded source is an argument", sel.Sel.Name))
				}
			})
		}
		return out
	}
}

// checkSleeps bans real waiting from tests. A file on testing/synctest sleeps in fake time and is free to.
func checkSleeps(t *tree) (out []finding) {
	for _, f := range t.files {
		if (!f.test && !under(f.dir, "testenv")) || f.importName("testing/synctest") != "" {
			continue
		}
		f.uses("time", func(sel *ast.SelectorExpr) {
			if sel.Sel.Name == "Sleep" {
				out = append(out, t.at(f, sel.Pos(), "time.Sleep in a test: poll with testenv.Eventually or use testing/synctest"))
			}
		})
	}
	return out
}

// checkInit bans init functions: what must run is called by name, so that a reader finds it.
func checkInit(t *tree) (out []finding) {
	for _, f := range t.files {
		for _, d := range f.ast.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
				out = append(out, t.at(f, fn.Pos(), "init function: make an explicit list or call"))
			}
		}
	}
	return out
}

// checkGlobals bans package variables that are written after they were declared.
func checkGlobals(t *tree) (out []finding) {
	pkgs := t.packages()
	for _, dir := range dirs(pkgs) {
		globals := packageVars(pkgs[dir])
		for _, f := range pkgs[dir] {
			written := func(e ast.Expr) {
				id := root(e)
				if id == nil || !globals[id.Name] {
					return
				}
				if id.Obj != nil { // known in this file: a package variable has file scope, a local one has not
					if f.ast.Scope.Lookup(id.Name) != id.Obj {
						return
					}
				}
				out = append(out, t.at(f, e.Pos(), "package variable %s is written: state has an owner", id.Name))
			}
			f.inspect(func(n ast.Node) {
				switch n := n.(type) {
				case *ast.AssignStmt:
					if n.Tok.String() != ":=" {
						for _, l := range n.Lhs {
							written(l)
						}
					}
				case *ast.IncDecStmt:
					written(n.X)
				}
			})
		}
	}
	return out
}

// packageVars are the names of the variables of a package.
func packageVars(files []*file) map[string]bool {
	m := map[string]bool{}
	for _, f := range files {
		for _, d := range f.ast.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok.String() != "var" {
				continue
			}
			for _, s := range g.Specs {
				for _, n := range s.(*ast.ValueSpec).Names {
					m[n.Name] = n.Name != "_"
				}
			}
		}
	}
	return m
}

// root is the variable that an assignment reaches into: x of x.f[i].
func root(e ast.Expr) *ast.Ident {
	for {
		switch x := e.(type) {
		case *ast.Ident:
			return x
		case *ast.SelectorExpr:
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		case *ast.ParenExpr:
			e = x.X
		default:
			return nil
		}
	}
}

// emptyNames are file names that say nothing about what is inside.
var emptyNames = []string{"common", "helper", "helpers", "misc", "types", "util", "utils"}

// checkNames refuses file names without a noun of their own.
func checkNames(t *tree) (out []finding) {
	for _, f := range t.files {
		name := f.path[strings.LastIndexByte(f.path, '/')+1:]
		name = strings.TrimSuffix(strings.TrimSuffix(name, ".go"), "_test")
		if slices.Contains(emptyNames, name) {
			out = append(out, finding{path: f.path, text: "name the file after its main noun"})
		}
	}
	return out
}
