package sentinel

import (
	"errors"
	"math"
	"net/netip"
	"path/filepath"
	"strconv"
	"syscall"

	"valkey/configs"
	"valkey/frontend/command"
	"valkey/frontend/resp"
	"valkey/frontend/session"
	"valkey/internal/glob"
	"valkey/sentinel/ledger"
	"valkey/sentinel/monitor"
)

// clean refuses control characters from an argument on, which would tear the configuration file.
func clean(c *call, from int, what string) error {
	for i := from; i < len(c.Argv); i++ {
		for _, b := range c.Argv[i] {
			if b < ' ' || b == 0x7f {
				return session.Errorf("Invalid argument at index %d for %s: control characters are not allowed", i, what)
			}
		}
	}
	return nil
}

// watch answers MONITOR.
func watch(c *call) error {
	if err := clean(c, 2, "SENTINEL MONITOR"); err != nil {
		return err
	}
	quorum, ok := resp.ParseInt(c.Argv[5])
	if !ok {
		return errQuorumNumber
	}
	port, ok := resp.ParseInt(c.Argv[4])
	host := string(c.Argv[3])
	_, literal := netip.ParseAddr(host)
	switch {
	case !ok:
		return errPortNumber
	case quorum <= 0:
		return errQuorumSmall
	case literal != nil && !c.s.config.Sentinel.ResolveHostnames || host == "":
		return errHost
	case port < 1 || port > math.MaxUint16:
		return errPort
	case quorum > math.MaxInt32:
		return errQuorumNumber
	}
	_, a, _ := c.s.ask(func(req uint64) monitor.Event {
		return monitor.WatchPrimary{
			Req: req, Name: string(c.Argv[2]), Addr: ledger.Addr{Host: host, Port: int(port)}, Quorum: int(quorum),
		}
	})
	if a.Err != nil {
		return refusal(a.Err)
	}
	return c.replySaved()
}

// remove answers REMOVE.
func remove(c *call) error {
	_, a, _ := c.s.ask(func(req uint64) monitor.Event {
		return monitor.RemovePrimary{Req: req, Name: string(c.Argv[2])}
	})
	if a.Err != nil {
		return refusal(a.Err)
	}
	return c.replySaved()
}

// reset answers RESET.
func reset(c *call) error {
	var names []string
	for _, name := range c.s.monitor.Names() {
		if glob.Match(c.Argv[2], []byte(name)) {
			names = append(names, name)
		}
	}
	_, a, _ := c.s.ask(func(req uint64) monitor.Event { return monitor.ResetPrimaries{Req: req, Names: names} })
	c.Reply.Int(int64(a.N))
	return nil
}

var setSub = sub("set", -5, "2.8.4", "Changes settings of a primary.", set, primaryName,
	command.Block("data", command.Str("option"), command.Str("value")).Many())

// set answers SET. Options are taken from left to right; those before a wrong one stay changed.
func set(c *call) error {
	s, name := c.s, string(c.Argv[2])
	if _, known := s.monitor.Address(name); !known {
		return errNoSuchPrimary
	}
	if err := clean(c, 3, "SENTINEL SET"); err != nil {
		return err
	}
	options, wrong := parseOptions(c)
	if len(options) > 0 {
		_, a, _ := s.ask(func(req uint64) monitor.Event {
			return monitor.SetPrimary{Req: req, Name: name, Options: options}
		})
		if a.Err != nil {
			return refusedOption(a.Err)
		}
	}
	if wrong != nil {
		return wrong
	}
	return c.replySaved()
}

// parseOptions reads the options up to the first that cannot be one.
func parseOptions(c *call) (out []monitor.Option, err error) {
	for i := 3; i < len(c.Argv); i += 2 {
		need := 1
		if c.Is(i, "rename-command") {
			need = 2
		}
		if c.Is(i, "auth-pass") {
			c.Redact(i + 1)
		}
		if i+need >= len(c.Argv) {
			return out, session.Errorf("Unknown option or number of arguments for SENTINEL SET '%s'", c.Argv[i])
		}
		o := monitor.Option{Name: string(c.Argv[i]), Value: string(c.Argv[i+1])}
		if need == 2 {
			o.Value2 = string(c.Argv[i+2])
			i++
		}
		if n, ok := configs.ParseMemory(o.Value); ok && c.Is(i, "max-lag-bytes") {
			o.Value = strconv.FormatUint(n, 10)
		}
		if err := c.s.runnable(o); err != nil {
			return out, err
		}
		out = append(out, o)
	}
	return out, nil
}

// executable is access(2)'s question whether a file may be run.
const executable = 1

// runnable refuses a script that cannot be run.
func (s *Sentinel) runnable(o monitor.Option) error {
	name, why := []byte(o.Name), error(errNotificationRun)
	switch {
	case session.EqualFold(name, "notification-script"):
	case session.EqualFold(name, "client-reconfig-script"):
		why = errReconfigRun
	default:
		return nil
	}
	if s.config.Sentinel.DenyScriptsReconfig || o.Value == "" {
		return nil // the monitor's answer
	}
	path := o.Value
	if !filepath.IsAbs(path) {
		path = filepath.Join(s.config.Dir, path)
	}
	if syscall.Access(path, executable) != nil {
		return why
	}
	return nil
}

// refusedOption is the answer to a setting that cannot be.
func refusedOption(err error) error {
	o, ok := errors.AsType[*monitor.OptionError](err)
	switch {
	case !ok || errors.Is(err, monitor.ErrScriptsDenied):
		return refusal(err)
	case errors.Is(err, monitor.ErrBadValue):
		value := o.Option.Value
		if value != "" && o.Option.Value2 == "" && session.EqualFold([]byte(o.Option.Name), "rename-command") {
			value = ""
		}
		return session.Errorf("Invalid argument '%s' for SENTINEL SET '%s'", value, o.Option.Name)
	default:
		return session.Errorf("Unknown option or number of arguments for SENTINEL SET '%s'", o.Option.Name)
	}
}
