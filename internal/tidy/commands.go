package tidy

import (
	"go/ast"
	"go/token"
	"slices"
)

// commandTypes are the packages whose type Command declares commands.
var commandTypes = []string{module + "/server/engine", module + "/frontend/session"}

// checkCommands wants every Command of a package in that package's Commands list, directly or as a
// subcommand of one that is: a command that nobody lists would compile and never run.
func checkCommands(t *tree) (out []finding) {
	pkgs := t.packages()
	for _, dir := range dirs(pkgs) {
		declared := map[string]*ast.ValueSpec{} // by variable name
		bodies := map[string]ast.Node{}         // what each package-level name refers to
		where := map[string]*file{}
		for _, f := range pkgs[dir] {
			var owners []string
			for _, path := range commandTypes {
				owners = append(owners, f.importName(path))
			}
			collectValues(f, func(name string, spec *ast.ValueSpec, value ast.Node) {
				bodies[name] = value
				if isCommand(owners, spec, value) {
					declared[name], where[name] = spec, f
				}
			})
		}
		if len(declared) == 0 {
			continue
		}
		listed := reach(bodies, "Commands")
		for _, name := range sortedKeys(declared) {
			if !listed[name] {
				out = append(out, t.at(where[name], declared[name].Pos(), "%s is not in the list Commands of its package", name))
			}
		}
	}
	return out
}

// collectValues visits every package variable and function of a file with what it is made of.
func collectValues(f *file, visit func(name string, spec *ast.ValueSpec, value ast.Node)) {
	for _, d := range f.ast.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil && d.Body != nil {
				visit(d.Name.Name, nil, d.Body)
			}
		case *ast.GenDecl:
			if d.Tok != token.VAR {
				continue
			}
			for _, s := range d.Specs {
				v := s.(*ast.ValueSpec)
				for i, n := range v.Names {
					if i < len(v.Values) {
						visit(n.Name, v, v.Values[i])
					} else {
						visit(n.Name, v, v)
					}
				}
			}
		}
	}
}

// isCommand tells a variable of type Command of one of some packages, by its declared type or its literal.
func isCommand(owners []string, spec *ast.ValueSpec, value ast.Node) bool {
	is := func(e ast.Expr) bool {
		sel, ok := e.(*ast.SelectorExpr)
		if !ok || sel.Sel.Name != "Command" {
			return false
		}
		id, ok := sel.X.(*ast.Ident)
		return ok && slices.Contains(owners, id.Name)
	}
	if spec == nil {
		return false
	}
	if u, ok := value.(*ast.UnaryExpr); ok {
		value = u.X
	}
	lit, ok := value.(*ast.CompositeLit)
	return is(spec.Type) || ok && is(lit.Type)
}

// reach collects every name that can be reached from one by references.
func reach(bodies map[string]ast.Node, from string) map[string]bool {
	seen := map[string]bool{}
	var visit func(string)
	visit = func(name string) {
		if seen[name] || bodies[name] == nil {
			return
		}
		seen[name] = true
		ast.Inspect(bodies[name], func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok {
				visit(id.Name)
			}
			return true
		})
	}
	visit(from)
	return seen
}
