package engine

import (
	"strconv"
	"time"

	"valkey/frontend/command"
	"valkey/frontend/session"
	"valkey/internal/invariant"
	"valkey/server/metrics"
)

// call runs a handler and what surrounds it: errors, statistics, logs, MONITOR, the effect. It is used for a client's
// command, for each command of EXEC, and for a command that runs again after a wait.
func (e *Engine) call(c *Call) {
	dirty, mark := e.Dirty, len(c.Reply.Buf)
	err := c.run(c)
	if err != nil {
		invariant.Check(len(c.Reply.Buf) == mark, "engine: %s wrote a reply and returned %v", c.Cmd.FullName, err)
		e.fail(c, err)
	}
	if invariant.Enabled {
		e.checkCall(c, mark, dirty)
	}
	if len(e.Monitors) > 0 && !c.retry && c.Cmd.Flags&(command.SkipMonitor|command.Admin) == 0 {
		e.feedMonitors(c)
	}
	if c.Client.Block != nil || c.blockedAgain {
		return // its statistics are taken when it is served
	}
	e.LastNs = e.Monotonic()
	e.account(c, e.LastNs-c.StartNs, c.Failed, len(c.Reply.Buf)-mark)
	if e.Dirty > dirty && c.effects == 0 && !c.noEffect { // a save makes the count smaller
		e.effect(ToAll, c.Client.DB, c.Argv)
	}
}

// account adds a finished command to the statistics and logs.
func (e *Engine) account(c *Call, ns int64, failed bool, replyBytes int) {
	e.Stats.Commands++
	e.Stats.EventLoopCommandsNs += ns
	c.Client.Commands++
	s := &e.PerCommand[c.Cmd.ID]
	s.Calls++
	s.Ns += ns
	if failed {
		s.Failed++
	}
	cfg := e.Config
	if cfg.LatencyTracking {
		if s.Histogram == nil {
			s.Histogram = new(metrics.Histogram)
		}
		s.Histogram.Record(ns)
	}
	us := ns / 1000
	if cfg.LatencyMonitorThreshold > 0 && us >= cfg.LatencyMonitorThreshold*1000 {
		event := "command"
		if c.Cmd.Flags.Has(command.Fast) {
			event = "fast-command"
		}
		e.LatencyEvent(event, time.Duration(ns))
	}
	if c.Cmd.Flags.Has(command.SkipCommandlog) {
		return
	}
	if cfg.CommandlogExecutionSlowerThan >= 0 && us >= cfg.CommandlogExecutionSlowerThan {
		e.log(LogSlow, c, us, cfg.CommandlogSlowExecutionMaxLen)
	}
	if limit := cfg.CommandlogRequestLargerThan; limit >= 0 {
		if size := int64(session.ArgvBytes(c.Argv)); size >= limit {
			e.log(LogLargeRequest, c, size, cfg.CommandlogLargeRequestMaxLen)
		}
	}
	if limit := cfg.CommandlogReplyLargerThan; limit >= 0 && int64(replyBytes) >= limit {
		e.log(LogLargeReply, c, int64(replyBytes), cfg.CommandlogLargeReplyMaxLen)
	}
}

// LatencyEvent records an event of the latency monitor if it reached the threshold.
func (e *Engine) LatencyEvent(event string, d time.Duration) {
	if t := e.Config.LatencyMonitorThreshold; t > 0 && d.Milliseconds() >= t {
		e.Latency.Add(event, d.Milliseconds(), e.NowMs()/1000)
	}
}

// LogKind is one of the command logs.
type LogKind int

// The command logs.
const (
	LogSlow LogKind = iota
	LogLargeRequest
	LogLargeReply
	LogKinds
)

func (e *Engine) log(kind LogKind, c *Call, value, capacity int64) {
	if capacity <= 0 {
		return
	}
	peer := ""
	if c.Client.Link != nil {
		peer = c.Client.Link.Remote()
	}
	e.Logs[kind].Add(metrics.LogEntry{
		UnixTime: e.NowMs() / 1000, Value: value, Argv: clipArgv(&c.Call), Peer: peer, Name: c.Client.Name,
	}, int(capacity))
}

const redactedText = "(redacted)"

// clipArgv copies arguments for a log: at most LogArgsMax of them, each at most LogBytesMax long, with a note on the
// rest.
func clipArgv(c *session.Call) []string {
	argv := c.Logged()
	n := min(len(argv), metrics.LogArgsMax)
	out := make([]string, n)
	for i := range n {
		switch {
		case n < len(argv) && i == n-1:
			out[i] = "... (" + strconv.Itoa(len(argv)-n+1) + " more arguments)"
		case c.Redacted(i):
			out[i] = redactedText
		case len(argv[i]) > metrics.LogBytesMax:
			out[i] = string(argv[i][:metrics.LogBytesMax]) + "... (" +
				strconv.Itoa(len(argv[i])-metrics.LogBytesMax) + " more bytes)"
		default:
			out[i] = string(argv[i])
		}
	}
	return out
}
