package tidy

import (
	"fmt"
	"go/ast"
	"slices"
	"strings"
)

// floorT is the floor of test support: it may import anything, and nothing but tests and small mains imports it.
const floorT = 100

// room is a package, or a folder of packages, and what it may know. ARCHITECTURE.md draws the same picture.
type room struct {
	path  string   // "server" is that package alone, "store/..." it and all below
	floor int      // imports go down
	may   []string // the rooms it may import; nil: every lower floor
	never []string // folders that it must not know, whatever the floor
	pure  bool     // no goroutine, lock, socket, file, clock or randomness of its own
	same  bool     // packages of this room may import one another
}

// anyRoom are rooms that everyone may import: they know nothing and do nothing by themselves.
var anyRoom = []string{"internal/invariant", "internal/glob"}

// controlPlane and dataPlane meet only in frontend, configs and testenv.
var (
	controlPlane = []string{"quorum", "sentinel"}
	dataPlane    = []string{"store", "server"}
)

// rooms is the house, the most specific path of a package counting.
var rooms = []room{
	{path: "internal/invariant", floor: 0, may: []string{}},
	{path: "internal/glob", floor: 0, may: []string{}, pure: true},
	{path: "internal/vfs", floor: 0, may: []string{}},
	{path: "internal/memnet", floor: 0, may: []string{}},
	{path: "frontend/resp", floor: 0, may: []string{}, pure: true},

	{path: "frontend/command", floor: 1, may: []string{"frontend/resp"}, pure: true},
	{path: "configs", floor: 1, may: []string{"internal/vfs"}},
	{path: "store/...", floor: 1, may: []string{"store/..."}, pure: true, same: true},

	{path: "frontend/acl", floor: 2, may: []string{"frontend/command", "frontend/resp"}, pure: true},
	{path: "frontend/netloop", floor: 2, may: []string{"frontend/resp"}},
	{path: "frontend/certs", floor: 2, may: []string{"internal/vfs"}},
	{path: "quorum/core", floor: 2, may: []string{}, pure: true},
	{path: "sentinel/ledger", floor: 1, may: []string{}, pure: true},
	{path: "sentinel/monitor", floor: 2, may: []string{"sentinel/ledger"}, pure: true},
	{path: "sentinel/link", floor: 3, may: []string{"frontend/resp"}},
	{path: "sentinel/scripts", floor: 3, may: []string{}},

	{path: "frontend/session", floor: 3, may: []string{"frontend/acl", "frontend/command", "frontend/resp", "configs"}},
	{path: "frontend/session/...", floor: 4, never: slices.Concat(controlPlane, dataPlane)},
	{path: "frontend/shell", floor: 4, never: slices.Concat(controlPlane, dataPlane)},
	{path: "quorum", floor: 3, may: []string{"quorum/core", "internal/vfs", "internal/memnet"}},
	{path: "server/aof", floor: 3, may: []string{"store/...", "frontend/resp", "internal/vfs"}},
	{path: "server/metrics", floor: 3, may: []string{}, pure: true},
	{path: "server/repl/link", floor: 3, may: []string{"frontend/resp"}},
	{path: "server/repl", floor: 3, may: []string{"store/...", "frontend/resp", "internal/vfs"}},

	{path: "server/snapshot", floor: 3, may: []string{"store/...", "frontend/resp", "internal/vfs"}},

	{path: "server/engine", floor: 4, never: controlPlane},
	{path: "server/engine/...", floor: 5, never: controlPlane},
	{path: "server", floor: 6, never: controlPlane},
	{path: "sentinel", floor: 6, never: dataPlane},
	{path: "cmd/...", floor: 7, same: true},

	{path: "frontend/command/commandtest", floor: floorT},
	{path: "server/engine/enginetest", floor: floorT},
	{path: "internal/tidy", floor: floorT},
	{path: "server/engine/enginetest", floor: floorT},
	{path: "testenv/...", floor: floorT},
}

// roomOf finds the room of a folder: an exact path first, then the longest "/..." above it.
func roomOf(rooms []room, dir string) *room {
	var best *room
	for i := range rooms {
		r := &rooms[i]
		base, tree := strings.CutSuffix(r.path, "/...")
		switch {
		case !tree && base == dir:
			return r
		case tree && under(dir, base) && (best == nil || len(r.path) > len(best.path)):
			best = r
		}
	}
	return best
}

// checkFloors holds the imports of our own packages to the table.
func checkFloors(rooms []room) func(*tree) []finding {
	return func(t *tree) (out []finding) {
		for _, f := range t.files {
			from := roomOf(rooms, f.dir)
			if from == nil {
				out = append(out, finding{path: f.path, text: "the folder is in no room: add it to the table in floors.go"})
				continue
			}
			for _, s := range f.ast.Imports {
				dir, ours := strings.CutPrefix(importPath(s), module+"/")
				if !ours {
					continue
				}
				if why := refuse(rooms, f, from, dir); why != "" {
					out = append(out, t.at(f, s.Pos(), "%s must not import %s: %s", f.dir, dir, why))
				}
			}
		}
		return out
	}
}

// refuse says why a file of room from must not import a folder, or "".
func refuse(rooms []room, f *file, from *room, dir string) string {
	to := roomOf(rooms, dir)
	if to == nil {
		return "it is in no room of floors.go"
	}
	if i := slices.IndexFunc(from.never, func(d string) bool { return under(dir, d) }); i >= 0 {
		return "the data plane and the control plane do not know each other"
	}
	external := f.test && strings.HasSuffix(f.ast.Name.Name, "_test")
	switch {
	case external, from.floor == floorT, dir == f.dir:
		return ""
	case to.floor == floorT:
		if from.floor == 7 {
			return ""
		}
		return "test support is for external _test packages"
	case to == from && from.same:
		return ""
	case slices.Contains(anyRoom, to.path):
		return ""
	case to.floor >= from.floor:
		return fmt.Sprintf("floor %d is not below floor %d", to.floor, from.floor)
	case from.may != nil && !slices.Contains(from.may, to.path):
		return fmt.Sprintf("this room may import %s", orNothing(from.may))
	}
	return ""
}

func orNothing(s []string) string {
	if len(s) == 0 {
		return "nothing of ours"
	}
	return strings.Join(s, ", ")
}

// foreign is a module of others, where it may be imported, and what it is for.
type foreign struct {
	path   string // import path or a folder of them
	in     []string
	tests  bool // in test files everywhere as well
	reason string
}

// foreigners is every module that we lean on; adding a row needs docs/adr/0006 to stay true.
var foreigners = []foreign{
	{
		path:   "golang.org/x/sys",
		in:     []string{"frontend/netloop", "frontend/shell", "server", "store", "internal/vfs", "testenv"},
		tests:  true,
		reason: "system calls that package syscall lacks",
	},
	{
		path: "github.com/rs/zerolog", tests: true, reason: "only shells log",
		in: []string{"frontend/netloop", "frontend/shell", "server", "quorum", "sentinel", "cmd"},
	},
	{path: "github.com/youmark/pkcs8", in: []string{"frontend/certs"}, reason: "opens keys that have a passphrase"},
	{path: "github.com/urfave/cli", in: []string{"cmd"}, reason: "only mains know a command line"},
	{path: "google.golang.org/protobuf", in: []string{"quorum/core"}, reason: "the form of raft's messages"},
	{path: "go.etcd.io/raft", in: []string{"quorum", "quorum/core"}, reason: "one log, one owner"},
	{path: "github.com/redis/go-redis", in: []string{"testenv"}, tests: true, reason: "plays a client; see docs/adr/0011"},
	{path: "github.com/valkey-io/valkey-go", in: []string{"testenv"}, reason: "plays a client that follows sentinels"},
	{path: "github.com/cockroachdb/datadriven", tests: true, reason: "scripts as tests"},
	{path: "github.com/anishathalye/porcupine", tests: true, reason: "checks histories"},
	{path: "go.uber.org/goleak", tests: true, reason: "finds goroutines that were left"},
	{path: "github.com/ory/dockertest", in: []string{"testenv"}, reason: "fleets in containers"},
	{path: "golang.org/x/sync", in: []string{"frontend/netloop", "server", "quorum", "sentinel", "cmd"}, tests: true,
		reason: "errgroup owns the goroutines of a shell"},
}

// noLoggerIn are the parts below a shell's folder that do not log: they return what happened.
var noLoggerIn = []string{
	"quorum/core", "sentinel/ledger", "sentinel/link", "sentinel/monitor", "sentinel/scripts", "server/aof",
	"server/engine", "server/metrics", "server/repl", "server/snapshot",
}

// checkForeign lets a module of others in only where the table says.
func checkForeign(t *tree) (out []finding) {
	for _, f := range t.files {
		for _, s := range f.ast.Imports {
			p := importPath(s)
			host, _, _ := strings.Cut(p, "/")
			if !strings.Contains(host, ".") || p == module {
				continue // the standard library or ours
			}
			if why := refuseForeign(f, p); why != "" {
				out = append(out, t.at(f, s.Pos(), "%s must not import %s: %s", f.dir, p, why))
			}
		}
	}
	return out
}

func refuseForeign(f *file, p string) string {
	i := slices.IndexFunc(foreigners, func(m foreign) bool { return under(p, m.path) })
	if i < 0 {
		return "the module is not in the table of floors.go; the standard library comes first"
	}
	m := foreigners[i]
	if f.test && m.tests || slices.ContainsFunc(m.in, func(d string) bool { return allowedIn(f.dir, d, p) }) {
		return ""
	}
	return m.reason
}

// allowedIn treats the logger more narrowly than the rest: it stays out of the pure parts below a shell.
func allowedIn(folder, dir, module string) bool {
	silent := slices.ContainsFunc(noLoggerIn, func(d string) bool { return under(folder, d) })
	return under(folder, dir) && !(silent && strings.HasSuffix(module, "/zerolog"))
}

// inspect walks the syntax of a file.
func (f *file) inspect(visit func(ast.Node)) {
	ast.Inspect(f.ast, func(n ast.Node) bool {
		if n != nil {
			visit(n)
		}
		return true
	})
}
