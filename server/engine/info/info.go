package info

import (
	"strings"

	"valkey/frontend/session"

	"valkey/frontend/session/report"
	"valkey/server/engine"
)

// Info reports on the state of the server.
var Info = engine.Command{
	Spec: session.InfoSpec,
	Run: func(c *engine.Call) error {
		c.Reply.Verbatim("txt", string(report.Write(sections(read(c.Engine)), c.Argv[1:])))
		return nil
	},
}

func sections(r *reading) []report.Section {
	of := func(fields ...field) func([]byte) []byte {
		return func(b []byte) []byte { return report.Rows(b, fields, r) }
	}
	rows := func(write func(*reading, []byte) []byte) func([]byte) []byte {
		return func(b []byte) []byte { return write(r, b) }
	}
	return []report.Section{
		r.common.Server(),
		{Name: "tls", Title: "TLS", Usage: report.InAll, Rows: of(tlsFields...)},
		r.common.Clients(),
		{Name: "memory", Title: "Memory", Rows: of(memoryFields...)},
		{Name: "persistence", Title: "Persistence", Rows: of(persistenceFields...)},
		r.common.Statistics(),
		{Name: "replication", Title: "Replication", Rows: rows(replication)},
		r.common.CPU(),
		{Name: "module_list", Alias: "modules", Title: "Modules"},
		{Name: "commandstats", Title: "Commandstats", Usage: report.InAll, Rows: rows(commandStats)},
		{Name: "errorstats", Title: "Errorstats", Rows: rows(errorStats)},
		{Name: "latencystats", Title: "Latencystats", Usage: report.InAll, Rows: rows(latencyStats)},
		{Name: "cluster", Title: "Cluster", Rows: of(clusterFields...)},
		{Name: "cluster_info", Title: "Cluster Info", Usage: report.InAll},
		{Name: "scriptingengines", Title: "Scripting Engines", Usage: report.InAll, Rows: of(scriptingFields...)},
		{Name: "keyspace", Title: "Keyspace", Rows: rows(keyspace)},
		{Name: "debug", Title: "Debug", Usage: report.ByName, Rows: of(debugFields...)},
	}
}

// safe replaces the characters that would tear a line.
var safe = strings.NewReplacer("#", "_", ":", "_", "\n", "_", "\r", "_")
