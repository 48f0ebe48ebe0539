package info

import (
	"bytes"
	"strings"

	"valkey/frontend/command"
	"valkey/server/engine"
)

// Info reports on the state of the server.
var Info = engine.Command{
	Spec: command.Spec{
		Name: "info", Group: command.GroupServer, Since: "1.0.0",
		Complexity: "O(1)",
		Summary:    "Reports on the state of the server, in sections of fields.",
		Arity:      -1,
		Flags:      command.Loading | command.Stale | command.SentinelToo,
		Categories: command.CategoryDangerous,
		Args:       []command.Arg{command.Str("section").Many().Opt()},
		Tips:       []string{"nondeterministic_output", "request_policy:all_shards", "response_policy:special"},
		History: []command.Change{
			{Version: "7.0.0", Text: "Takes more than one section."},
		},
	},
	Run: func(c *engine.Call) error {
		c.Reply.Verbatim("txt", string(report(c.Engine, c.Argv[1:])))
		return nil
	},
}

// section is a heading and what stands below it.
type section struct {
	name, title string
	alias       string
	usage       usage
	fields      []field
	rows        func(*reading, []byte) []byte // lines whose names depend on the state; they follow the fields
}

// usage says when a section is shown.
type usage int

const (
	byDefault usage = iota
	inAll           // also when all or everything is asked for
	byName          // only when its name is
)

func sections() []section {
	return []section{
		{name: "server", title: "Server", fields: serverFields, rows: listeners},
		{name: "tls", title: "TLS", usage: inAll, fields: tlsFields},
		{name: "clients", title: "Clients", fields: clientFields},
		{name: "memory", title: "Memory", fields: memoryFields},
		{name: "persistence", title: "Persistence", fields: persistenceFields},
		{name: "stats", title: "Stats", fields: statsFields},
		{name: "replication", title: "Replication", fields: roleFields, rows: replication},
		{name: "cpu", title: "CPU", fields: cpuFields, rows: loopTimes},
		{name: "module_list", alias: "modules", title: "Modules"},
		{name: "commandstats", title: "Commandstats", usage: inAll, rows: commandStats},
		{name: "errorstats", title: "Errorstats", rows: errorStats},
		{name: "latencystats", title: "Latencystats", usage: inAll, rows: latencyStats},
		{name: "cluster", title: "Cluster", fields: clusterFields},
		{name: "cluster_info", title: "Cluster Info", usage: inAll},
		{name: "scriptingengines", title: "Scripting Engines", usage: inAll, fields: scriptingFields},
		{name: "keyspace", title: "Keyspace", rows: keyspace},
		{name: "debug", title: "Debug", usage: byName, fields: debugFields},
	}
}

// report writes the sections that were asked for, each once, in the order of the table.
func report(e *engine.Engine, names [][]byte) []byte {
	asked, all := map[string]bool{"default": len(names) == 0}, false
	for _, n := range names {
		name := string(bytes.ToLower(n))
		asked[name] = true
		all = all || name == "all" || name == "everything"
	}
	r := read(e)
	var b []byte
	for _, s := range sections() {
		switch {
		case asked[s.name], s.alias != "" && asked[s.alias]:
		case all && s.usage != byName, asked["default"] && s.usage == byDefault:
		default:
			continue
		}
		if len(b) > 0 {
			b = append(b, "\r\n"...)
		}
		b = append(b, "# "+s.title+"\r\n"...)
		for _, f := range s.fields {
			b = f.append(b, r)
		}
		if s.rows != nil {
			b = s.rows(r, b)
		}
	}
	return b
}

// safe replaces the characters that would tear a line.
var safe = strings.NewReplacer("#", "_", ":", "_", "\n", "_", "\r", "_")
