package admin

import (
	"bytes"

	"valkey/frontend/command"
	"valkey/server/engine"
)

// Latency shows what the latency monitor and the histograms of commands have recorded.
var Latency = engine.Command{
	Spec: command.Spec{
		Name: "latency", Group: command.GroupServer, Since: "2.8.13",
		Complexity: "As that of the subcommand",
		Summary:    "Groups the commands that look into what made clients wait.",
		Arity:      -2,
	},
	Sub: []engine.Command{
		latencyDoctor, latencyGraph, latencyHelp, latencyHistogram, latencyHistory, latencyLatest, latencyReset,
	},
}

var latencyLatest = engine.Command{
	Spec: command.Spec{
		Name: "latest", Group: command.GroupServer, Since: "2.8.13",
		Complexity: "O(1)",
		Summary:    "Lists the last and the worst latency of each event.",
		Arity:      2,
		Flags:      command.Admin | command.NoScript | command.Loading | command.Stale,
		Tips:       []string{"nondeterministic_output", "request_policy:all_nodes", "response_policy:special"},
	},
	Run: func(c *engine.Call) error {
		events := c.Latency.Events()
		c.Reply.Array(len(events))
		for _, event := range events {
			s := c.Latency.Series(event)
			last := s.Samples[len(s.Samples)-1]
			c.Reply.Array(6)
			c.Reply.BulkString(event)
			for _, n := range []int64{last.Unix, last.Ms, s.MaxMs, s.Sum, s.Count} {
				c.Reply.Int(n)
			}
		}
		return nil
	},
}

var latencyHistory = engine.Command{
	Spec: command.Spec{
		Name: "history", Group: command.GroupServer, Since: "2.8.13",
		Complexity: "O(1)",
		Summary:    "Lists the latency samples of an event.",
		Arity:      3,
		Flags:      command.Admin | command.NoScript | command.Loading | command.Stale,
		Args:       []command.Arg{command.Str("event")},
		Tips:       []string{"nondeterministic_output", "request_policy:all_nodes", "response_policy:special"},
	},
	Run: func(c *engine.Call) error {
		s := c.Latency.Series(string(c.Argv[2]))
		if s == nil {
			c.Reply.Array(0)
			return nil
		}
		c.Reply.Array(len(s.Samples))
		for _, sample := range s.Samples {
			c.Reply.Array(2)
			c.Reply.Int(sample.Unix)
			c.Reply.Int(sample.Ms)
		}
		return nil
	},
}

var latencyReset = engine.Command{
	Spec: command.Spec{
		Name: "reset", Group: command.GroupServer, Since: "2.8.13",
		Complexity: "O(1)",
		Summary:    "Forgets the latency samples of the given events, or of all.",
		Arity:      -2,
		Flags:      command.Admin | command.NoScript | command.Loading | command.Stale,
		Args:       []command.Arg{command.Str("event").Many().Opt()},
		Tips:       []string{"request_policy:all_nodes", "response_policy:agg_sum"},
	},
	Run: func(c *engine.Call) error {
		events := c.Argv[2:]
		if len(events) == 0 {
			for _, event := range c.Latency.Events() {
				events = append(events, []byte(event))
			}
		}
		dropped := int64(0)
		for _, event := range events {
			if c.Latency.Reset(string(bytes.ToLower(event))) {
				dropped++
			}
		}
		c.Reply.Int(dropped)
		return nil
	},
}

var latencyGraph = engine.Command{
	Spec: command.Spec{
		Name: "graph", Group: command.GroupServer, Since: "2.8.13",
		Complexity: "O(1)",
		Summary:    "Draws the latency of an event over time.",
		Arity:      3,
		Flags:      command.Admin | command.NoScript | command.Loading | command.Stale,
		Args:       []command.Arg{command.Str("event")},
		Tips:       []string{"nondeterministic_output", "request_policy:all_nodes", "response_policy:special"},
	},
	Run: func(c *engine.Call) error {
		event := string(c.Argv[2])
		s := c.Latency.Series(event)
		if s == nil {
			return engine.Errorf("No samples available for event '%s'", event)
		}
		c.Reply.Verbatim("txt", drawLatency(event, s, c.NowMs()/1000))
		return nil
	},
}

var latencyDoctor = engine.Command{
	Spec: command.Spec{
		Name: "doctor", Group: command.GroupServer, Since: "2.8.13",
		Complexity: "O(1)",
		Summary:    "Explains the recorded latency spikes in prose.",
		Arity:      2,
		Flags:      command.Admin | command.NoScript | command.Loading | command.Stale,
		Tips:       []string{"nondeterministic_output", "request_policy:all_nodes", "response_policy:special"},
	},
	Run: func(c *engine.Call) error {
		c.Reply.Verbatim("txt", examineLatency(c.Engine))
		return nil
	},
}

var latencyHistogram = engine.Command{
	Spec: command.Spec{
		Name: "histogram", Group: command.GroupServer, Since: "7.0.0",
		Complexity: "O(N) for N commands that have been called",
		Summary:    "Returns how the run times of commands are distributed.",
		Arity:      -2,
		Flags:      command.Admin | command.NoScript | command.Loading | command.Stale,
		Args:       []command.Arg{command.Str("command").Many().Opt()},
		Tips:       []string{"nondeterministic_output", "request_policy:all_nodes", "response_policy:special"},
	},
	Run: func(c *engine.Call) error {
		m, n := c.Reply.Later(), 0
		if len(c.Argv) == 2 {
			for id := range c.PerCommand {
				n += writeHistogram(c, c.Cmds.Decl(id))
			}
		}
		for _, name := range c.Argv[2:] {
			e := c.Cmds.ByFullName(name)
			if e == nil {
				continue
			}
			n += writeHistogram(c, e)
			for _, sub := range e.Subs {
				n += writeHistogram(c, sub)
			}
		}
		c.Reply.EndMap(m, n)
		return nil
	},
}

// writeHistogram writes a command's name and histogram, if it has one, and returns how many it wrote.
func writeHistogram(c *engine.Call, d *command.Decl) int {
	h := c.PerCommand[d.ID].Histogram
	if h == nil {
		return 0
	}
	w := c.Reply
	w.BulkString(d.FullName)
	w.Map(2)
	w.BulkString("calls")
	w.Int(int64(h.Total()))
	w.BulkString("histogram_usec")
	m, n := w.Later(), 0
	for us, count := range h.Cumulative {
		w.Int(int64(us))
		w.Int(int64(count))
		n++
	}
	w.EndMap(m, n)
	return 1
}

var latencyHelp = engine.Command{
	Spec: command.Spec{
		Name: "help", Group: command.GroupServer, Since: "2.8.13",
		Complexity: "O(1)",
		Summary:    "Lists the subcommands with a line on each.",
		Arity:      2,
		Flags:      command.Loading | command.Stale,
	},
	Run: func(c *engine.Call) error {
		c.WriteHelp(
			"DOCTOR",
			"    Explain the recorded spikes, and what can be done about them.",
			"GRAPH <event>",
			"    Draw the samples of an event.",
			"HISTORY <event>",
			"    List the samples of an event: Unix time and milliseconds.",
			"LATEST",
			"    List all events: name, last sample, worst, sum and number of samples.",
			"RESET [<event> ...]",
			"    Forget the samples of the given events, or of all.",
			"HISTOGRAM [<command> ...]",
			"    Show how the run times of the given commands, or of all, are distributed.",
		)
		return nil
	},
}
