package admin

import (
	"fmt"
	"strconv"
	"strings"

	"valkey/frontend/command"
	"valkey/frontend/resp"
	"valkey/server/engine"
)

// Memory shows where memory goes.
var Memory = engine.Command{
	Spec: command.Spec{
		Name: "memory", Group: command.GroupServer, Since: "4.0.0",
		Complexity: "As that of the subcommand",
		Summary:    "Groups the commands that look into the use of memory.",
		Arity:      -2,
	},
	Sub: []engine.Command{memoryDoctor, memoryHelp, memoryMallocStats, memoryPurge, memoryStats, memoryUsage},
}

var memoryUsage = engine.Command{
	Spec: command.Spec{
		Name: "usage", Group: command.GroupServer, Since: "4.0.0",
		Complexity: "O(N) for N elements sampled",
		Summary:    "Estimates the bytes that a key takes with what is stored at it.",
		Arity:      -3,
		Flags:      command.Readonly,
		Keys:       []command.KeySpec{command.KeyAt(2, command.RO, 0)},
		Args:       []command.Arg{command.KeyArg("key", 0), command.Int("count").Tok("SAMPLES").Opt()},
	},
	Run: memoryOf,
}

func memoryOf(c *engine.Call) error {
	for i := 3; i < len(c.Argv); i += 2 {
		if !c.Is(i, "samples") || i+1 == len(c.Argv) {
			return engine.ErrSyntax
		}
		// How many elements to sample: what a key takes is known exactly here.
		n, err := c.Int(i + 1)
		if err != nil {
			return err
		}
		if n < 0 {
			return engine.ErrSyntax
		}
	}
	en := c.Peek(c.Key(2))
	if !en.Exists() {
		c.Reply.Null()
		return nil
	}
	c.Reply.Int(int64(c.DB.MemoryUsage(en)))
	return nil
}

var memoryStats = engine.Command{
	Spec: command.Spec{
		Name: "stats", Group: command.GroupServer, Since: "4.0.0",
		Complexity: "O(1)",
		Summary:    "Lists what memory is used for.",
		Arity:      2,
		Tips:       []string{"nondeterministic_output", "request_policy:all_shards", "response_policy:special"},
	},
	Run: func(c *engine.Call) error {
		m := c.MemoryReport()
		w := statsWriter{w: c.Reply, mark: c.Reply.Later()}
		w.int("peak.allocated", m.Peak)
		w.int("total.allocated", m.Used)
		w.int("startup.allocated", m.Startup)
		w.int("replication.backlog", m.Backlog)
		w.int("replicas.repl.buffer", m.Reserve)
		w.int("clients.slaves", m.Replicas)
		w.int("clients.normal", m.Clients)
		w.int("cluster.links", 0)
		w.int("cluster.slot_import", 0)
		w.int("cluster.slot_export", 0)
		w.int("aof.buffer", 0)
		w.int("lua.caches", 0)
		w.int("functions.caches", 0)
		for _, db := range m.Databases {
			w.key("db." + strconv.Itoa(db.Database))
			w.w.Map(2)
			w.w.BulkString("overhead.hashtable.main")
			w.w.Int(int64(db.Keys))
			w.w.BulkString("overhead.hashtable.expires")
			w.w.Int(int64(db.Volatile))
		}
		w.int("overhead.db.hashtable.lut", m.Index)
		w.int("overhead.db.hashtable.rehashing", 0)
		w.int("overhead.total", m.Overhead())
		w.int("db.dict.rehashing.count", 0)
		w.int("keys.count", uint64(m.Keys))
		w.int("keys.bytes-per-key", m.Dataset/uint64(max(m.Keys, 1)))
		w.int("dataset.bytes", m.Dataset)
		w.double("dataset.percentage", m.DatasetPercent())
		w.double("peak.percentage", m.PeakPercent())
		w.int("allocator.allocated", m.Allocated)
		w.int("allocator.active", m.Held)
		w.int("allocator.resident", m.Held)
		w.int("allocator.muzzy", 0)
		w.double("allocator-fragmentation.ratio", m.AllocatorFragmentation())
		w.int("allocator-fragmentation.bytes", m.Held-m.Allocated)
		w.double("allocator-rss.ratio", 1)
		w.int("allocator-rss.bytes", 0)
		w.double("rss-overhead.ratio", engine.Ratio(m.Resident, m.Held))
		w.signed("rss-overhead.bytes", int64(m.Resident-m.Held))
		w.double("fragmentation", m.Fragmentation())
		w.signed("fragmentation.bytes", int64(m.Resident-m.Used))
		w.w.EndMap(w.mark, w.n)
		return nil
	},
}

// statsWriter counts the fields of a map as it writes them.
type statsWriter struct {
	w    *resp.Writer
	mark resp.Mark
	n    int
}

func (s *statsWriter) key(name string) {
	s.w.BulkString(name)
	s.n++
}

func (s *statsWriter) int(name string, v uint64) { s.signed(name, int64(v)) }

func (s *statsWriter) signed(name string, v int64) {
	s.key(name)
	s.w.Int(v)
}

func (s *statsWriter) double(name string, v float64) {
	s.key(name)
	s.w.Double(v)
}

var memoryDoctor = engine.Command{
	Spec: command.Spec{
		Name: "doctor", Group: command.GroupServer, Since: "4.0.0",
		Complexity: "O(1)",
		Summary:    "Explains problems with memory in prose.",
		Arity:      2,
		Tips:       []string{"nondeterministic_output", "request_policy:all_shards", "response_policy:special"},
	},
	Run: func(c *engine.Call) error {
		m := c.MemoryReport()
		c.Reply.Verbatim("txt", examineMemory(&m, c.Clients.Len()))
		return nil
	},
}

// The figures from which MEMORY DOCTOR speaks of a problem, as Valkey's.
const (
	doctorUsedMin    = 5 << 20 // below it nothing can be told
	doctorPeakRatio  = 1.5
	doctorFragRatio  = 1.4
	doctorAllocRatio = 1.1
	doctorWasteMin   = 10 << 20
	doctorClientMean = 200 << 10
)

func examineMemory(m *engine.MemoryReport, clients int) string {
	if m.Used < doctorUsedMin {
		return "This server holds hardly any data, so nothing can be told about its memory yet.\n"
	}
	var b strings.Builder
	if engine.Ratio(m.Peak, m.Used) > doctorPeakRatio {
		fmt.Fprintf(&b, " * Peak: memory was once at %d bytes, more than one and a half times of now. What was freed is "+
			"used again first; MEMORY PURGE gives it back to the system.\n\n", m.Peak)
	}
	if m.Fragmentation() > doctorFragRatio && m.Resident-m.Used > doctorWasteMin {
		fmt.Fprintf(&b, " * Resident memory: the process holds %.2f times what the data and the clients take. After a "+
			"peak this is normal; else it is the runtime's heap and freed memory that waits for its next use.\n\n",
			m.Fragmentation())
	}
	if m.AllocatorFragmentation() > doctorAllocRatio && m.Held-m.Allocated > doctorWasteMin {
		fmt.Fprintf(&b, " * Fragmentation: the allocator of the data holds %.2f times what it has handed out. MEMORY PURGE "+
			"gives whole free pages back; the rest is filled by new values of the same sizes.\n\n",
			m.AllocatorFragmentation())
	}
	if m.Clients/uint64(max(clients, 1)) > doctorClientMean {
		fmt.Fprintf(&b, " * Clients: %d of them hold %d bytes, mostly replies not taken yet or commands not complete. "+
			"CLIENT LIST shows whose (tot-mem, omem, qbuf).\n\n", clients, m.Clients)
	}
	if b.Len() == 0 {
		return "No problem with memory is to be seen.\n"
	}
	return "Some things about this server's memory are worth a look:\n\n" + b.String()
}

var memoryMallocStats = engine.Command{
	Spec: command.Spec{
		Name: "malloc-stats", Group: command.GroupServer, Since: "4.0.0",
		Complexity: "As the allocator has it: may be slow",
		Summary:    "Returns the allocator's own report.",
		Arity:      2,
		Flags:      command.Loading,
		Tips:       []string{"nondeterministic_output", "request_policy:all_shards", "response_policy:special"},
	},
	Run: func(c *engine.Call) error {
		m := c.Store.Memory()
		c.Reply.Verbatim("txt", fmt.Sprintf("allocator of the data\n in use: %d bytes (indexes %d, keys and values %d)\n "+
			"held from the system: %d bytes\n address space: %d bytes\n", m.Used, m.Index, m.Dataset, m.Resident, m.Reserved))
		return nil
	},
}

var memoryPurge = engine.Command{
	Spec: command.Spec{
		Name: "purge", Group: command.GroupServer, Since: "4.0.0",
		Complexity: "As the allocator has it: may be slow",
		Summary:    "Gives unused memory back to the system.",
		Arity:      2,
		Flags:      command.Loading,
		Tips:       []string{"request_policy:all_shards", "response_policy:all_succeeded"},
	},
	Run: func(c *engine.Call) error {
		c.Store.Purge()
		c.Reply.OK()
		return nil
	},
}

var memoryHelp = engine.Command{
	Spec: command.Spec{
		Name: "help", Group: command.GroupServer, Since: "4.0.0",
		Complexity: "O(1)",
		Summary:    "Lists the subcommands with a line on each.",
		Arity:      2,
		Flags:      command.Loading | command.Stale,
	},
	Run: func(c *engine.Call) error {
		c.WriteHelp(
			"DOCTOR",
			"    Explain what is unusual about the use of memory.",
			"MALLOC-STATS",
			"    Show the figures of the allocator that holds the data.",
			"PURGE",
			"    Give free memory back to the system.",
			"STATS",
			"    List what memory is used for.",
			"USAGE <key> [SAMPLES <count>]",
			"    Show how many bytes a key takes, with its value and its place in the index.",
		)
		return nil
	},
}
