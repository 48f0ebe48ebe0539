package sentinel

import (
	"strconv"
	"strings"
	"time"

	"valkey/configs"
	"valkey/frontend/command"
	"valkey/frontend/resp"
	"valkey/frontend/session"
	"valkey/internal/glob"
	"valkey/sentinel/monitor"
)

var configSub = func() sentinelCommand {
	c := sub("config", -4, "6.2.0", "Shows or changes settings of this Sentinel.", config,
		command.OneOf("action",
			command.Block("set", command.Str("parameter"), command.Str("value")).Tok("SET").Many(),
			command.Str("parameter").Tok("GET").Many()))
	c.History = []command.Change{{Version: "7.2.0", Text: "Takes more than one parameter."}}
	return c
}()

// setting is one that CONFIG knows; set changes the Sentinel of the file, or the Server for one that is every server's.
type setting struct {
	name string
	get  func(*configs.Config) string
	set  func(*configs.Config, string) bool // false: the value is none
}

// settings are those of CONFIG, in the order of its replies.
var settings = []setting{
	{"resolve-hostnames", func(c *configs.Config) string { return yesNo(c.Sentinel.ResolveHostnames) },
		func(c *configs.Config, v string) bool { return setYesNo(&c.Sentinel.ResolveHostnames, v) }},
	{"announce-hostnames", func(c *configs.Config) string { return yesNo(c.Sentinel.AnnounceHostnames) },
		func(c *configs.Config, v string) bool { return setYesNo(&c.Sentinel.AnnounceHostnames, v) }},
	{"announce-ip", func(c *configs.Config) string { return c.Sentinel.AnnounceIP },
		func(c *configs.Config, v string) bool { c.Sentinel.AnnounceIP = v; return true }},
	{"announce-port", func(c *configs.Config) string { return strconv.FormatInt(c.Sentinel.AnnouncePort, 10) },
		func(c *configs.Config, v string) bool {
			n, ok := resp.ParseInt([]byte(v))
			ok = ok && n >= 0 && n <= 65535
			if ok {
				c.Sentinel.AnnouncePort = n
			}
			return ok
		}},
	{"sentinel-user", func(c *configs.Config) string { return c.Sentinel.User },
		func(c *configs.Config, v string) bool { c.Sentinel.User = v; return true }},
	{"sentinel-pass", func(c *configs.Config) string { return c.Sentinel.Pass },
		func(c *configs.Config, v string) bool { c.Sentinel.Pass = v; return true }},
	{"loglevel", func(c *configs.Config) string { return c.Loglevel.String() },
		func(c *configs.Config, v string) bool {
			return c.Set([]configs.Setting{{Name: "loglevel", Value: v}}, configs.Situation{}) == nil
		}},
}

func yesNo(on bool) string {
	if on {
		return "yes"
	}
	return "no"
}

func setYesNo(on *bool, v string) bool {
	yes := strings.EqualFold(v, "yes")
	if !yes && !strings.EqualFold(v, "no") {
		return false
	}
	*on = yes
	return true
}

func config(c *call) error {
	switch {
	case c.Is(2, "set") && len(c.Argv) >= 5:
		return setConfig(c)
	case c.Is(2, "get"):
		getConfig(c)
		return nil
	}
	return errConfigUsage
}

func getConfig(c *call) {
	at, n := c.Reply.Later(), 0
	shown := map[string]bool{}
	for _, pattern := range c.Argv[3:] {
		for _, o := range settings {
			if shown[o.name] || !glob.MatchFold(pattern, []byte(o.name)) {
				continue
			}
			shown[o.name] = true
			c.Reply.BulkString(o.name)
			c.Reply.BulkString(o.get(c.s.config))
			n++
		}
	}
	c.Reply.EndMap(at, n)
}

// setConfig changes all or nothing: what is asked is tried on a copy first.
func setConfig(c *call) error {
	if err := clean(c, 3, "SENTINEL CONFIG SET"); err != nil {
		return err
	}
	s := c.s
	trial, file := *s.config, *s.config.Sentinel
	trial.Sentinel = &file
	seen := map[string]bool{}
	for i := 3; i < len(c.Argv); i += 2 {
		o := settingOf(c.Argv[i])
		switch {
		case o == nil:
			return session.Errorf("Invalid argument '%s' to SENTINEL CONFIG SET", c.Argv[i])
		case seen[o.name]:
			return session.Errorf("Duplicate argument '%s' to SENTINEL CONFIG SET", c.Argv[i])
		case i+1 == len(c.Argv):
			return session.Errorf("Missing argument '%s' value", c.Argv[i])
		}
		seen[o.name] = true
		if o.name == "sentinel-pass" {
			c.Redact(i + 1)
		}
		if !o.set(&trial, string(c.Argv[i+1])) {
			return session.Errorf("Invalid value '%s' to SENTINEL CONFIG SET '%s'", c.Argv[i+1], c.Argv[i])
		}
	}
	s.config.Server, s.config.Sentinel = trial.Server, trial.Sentinel
	s.logs.SetFormat(&s.config.Server)
	s.step(monitor.SetGlobal{Global: s.global()})
	return c.replySaved()
}

func settingOf(name []byte) *setting {
	for i := range settings {
		if session.EqualFold(name, settings[i].name) {
			return &settings[i]
		}
	}
	return nil
}

var debugSub = sub("debug", -2, "7.0.0", "Shows or changes the periods of this Sentinel.", debug,
	command.Block("data", command.Str("parameter"), command.Str("value")).Many().Opt())

// period is one that DEBUG knows.
type period struct {
	name string
	of   func(*monitor.Timings) *time.Duration
}

// periods are those of DEBUG, in the order of its reply.
var periods = []period{
	{"info-period", func(t *monitor.Timings) *time.Duration { return &t.InfoPeriod }},
	{"ping-period", func(t *monitor.Timings) *time.Duration { return &t.PingPeriod }},
	{"ask-period", func(t *monitor.Timings) *time.Duration { return &t.AskPeriod }},
	{"publish-period", func(t *monitor.Timings) *time.Duration { return &t.PublishPeriod }},
	{"default-down-after", func(t *monitor.Timings) *time.Duration { return &t.DefaultDownAfter }},
	{"default-failover-timeout", func(t *monitor.Timings) *time.Duration { return &t.DefaultFailoverTimeout }},
	{"tilt-trigger", func(t *monitor.Timings) *time.Duration { return &t.TiltTrigger }},
	{"tilt-period", func(t *monitor.Timings) *time.Duration { return &t.TiltPeriod }},
	{"slave-reconf-timeout", func(t *monitor.Timings) *time.Duration { return &t.ReplicaReconfTimeout }},
	{"min-link-reconnect-period", func(t *monitor.Timings) *time.Duration { return &t.MinLinkReconnectPeriod }},
	{"election-timeout", func(t *monitor.Timings) *time.Duration { return &t.ElectionTimeout }},
	{"script-max-runtime", func(t *monitor.Timings) *time.Duration { return &t.ScriptMaxRuntime }},
	{"script-retry-delay", func(t *monitor.Timings) *time.Duration { return &t.ScriptRetryDelay }},
}

// periodMax keeps sums of periods far from overflow.
const periodMax = 1 << 32 // milliseconds

// debug answers DEBUG. Periods before a wrong one are changed.
func debug(c *call) error {
	t := c.s.monitor.Timings()
	if len(c.Argv) == 2 {
		c.Reply.Map(len(periods))
		for _, p := range periods {
			c.Reply.BulkString(upper(p.name))
			c.Reply.BulkInt(p.of(&t).Milliseconds())
		}
		return nil
	}
	defer func() {
		c.s.step(monitor.SetTimings{Timings: t})
		c.s.timeScripts(t)
	}()
	for i := 2; i < len(c.Argv); i += 2 {
		var to *time.Duration
		for _, p := range periods {
			if c.Is(i, p.name) {
				to = p.of(&t)
			}
		}
		if to == nil || i+1 == len(c.Argv) {
			return session.Errorf("Unknown option or number of arguments for SENTINEL DEBUG '%s'", c.Argv[i])
		}
		ms, ok := resp.ParseInt(c.Argv[i+1])
		if !ok || ms <= 0 || ms > periodMax {
			return session.Errorf("Invalid argument '%s' for SENTINEL DEBUG '%s'", c.Argv[i+1], c.Argv[i])
		}
		*to = time.Duration(ms) * time.Millisecond
	}
	c.Reply.OK()
	return nil
}
