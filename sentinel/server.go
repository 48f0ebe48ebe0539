package sentinel

import (
	"fmt"
	"slices"
	"strings"

	"valkey/frontend/session"
	"valkey/frontend/session/report"
	"valkey/sentinel/monitor"
)

var publish = sentinelCommand{Spec: session.PublishSpec, Run: func(c *call) error {
	if string(c.Argv[1]) != monitor.HelloChannel {
		return errHelloOnly
	}
	c.s.step(monitor.HelloHeard{Payload: string(c.Argv[2])})
	c.Reply.Int(1)
	return nil
}}

var role = sentinelCommand{Spec: session.RoleSpec, Run: func(c *call) error {
	names := c.s.monitor.Names()
	c.Reply.Array(2)
	c.Reply.BulkString("sentinel")
	c.Reply.Array(len(names))
	for _, name := range names {
		c.Reply.BulkString(name)
	}
	return nil
}}

// shutdownWords are the options of SHUTDOWN.
var shutdownWords = []string{"nosave", "save", "now", "force", "safe", "failover", "abort"}

// shutdown ends the sentinel: it has no data that options could be about.
var shutdown = sentinelCommand{Spec: session.ShutdownSpec, Run: func(c *call) error {
	said := map[string]bool{}
	for i := 1; i < len(c.Argv); i++ {
		word := strings.ToLower(string(c.Argv[i]))
		if !slices.Contains(shutdownWords, word) {
			return session.ErrSyntax
		}
		said[word] = true
	}
	switch {
	case said["save"] && said["nosave"], said["abort"] && len(said) > 1:
		return session.ErrSyntax
	case said["failover"]:
		return errShutdownFailover
	case said["abort"]:
		return errNoShutdown
	}
	c.s.log.Info().Msg("User requested shutdown... (user request from '" + c.Front.ClientForLog(c.Client) + "')")
	c.Client.CloseASAP = true // the reply to a shutdown is the end of the connection
	c.s.stop()
	return nil
}}

// info always answers a plain string.
var info = sentinelCommand{Spec: session.InfoSpec, Run: func(c *call) error {
	r := report.Read(&c.s.front)
	r.Extra.Blocked = len(c.s.waiting) + len(c.s.postponed.held)
	c.Reply.Bulk(report.Write([]report.Section{
		r.Server(), r.Clients(), r.Statistics(), r.CPU(), {Name: "sentinel", Title: "Sentinel", Rows: c.s.section},
	}, c.Argv[1:]))
	return nil
}}

// section is INFO's section about what is watched.
func (s *Sentinel) section(b []byte) []byte {
	names := s.monitor.Names()
	tilted, since, total := s.monitor.Tilt()
	tilt, seconds := 0, int64(-1)
	if tilted {
		tilt, seconds = 1, int64(since.Seconds())
	}
	b = fmt.Appendf(b, "sentinel_masters:%d\r\nsentinel_tilt:%d\r\nsentinel_tilt_since_seconds:%d\r\n"+
		"sentinel_total_tilt:%d\r\nsentinel_running_scripts:%d\r\nsentinel_scripts_queue_length:%d\r\n"+
		"sentinel_simulate_failure_flags:%d\r\n",
		len(names), tilt, seconds, total, s.scripting.runningScripts(), len(s.scripting.jobs),
		s.monitor.SimulatedFailures())
	for i, name := range names {
		b = fmt.Appendf(b, "master%d:%s\r\n", i, s.monitor.Line(name))
	}
	return b
}
