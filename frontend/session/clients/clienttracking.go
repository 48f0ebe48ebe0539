package clients

import (
	"strings"

	"valkey/frontend/command"
	"valkey/frontend/session"
)

// Tracking are the subcommands of CLIENT that switch tracking on. A server that has keys must not offer them before it
// tells of changes; one that has none, a Sentinel, has nothing to tell.
var Tracking = []session.Command{clientCaching, clientTracking}

var clientGetRedir = session.Command{
	Spec: command.Spec{
		Name: "getredir", Group: command.GroupConnection, Since: "6.0.0",
		Complexity: "O(1)",
		Summary:    "Returns the client that gets this connection's invalidation messages.",
		Arity:      2,
		Flags:      command.AllowBusy | command.NoScript | command.Loading | command.Stale | command.SentinelToo,
	},
	Run: getRedir,
}

func getRedir(c *session.Call) error {
	c.Reply.Int(c.Client.Redirection())
	return nil
}

var clientTrackingInfo = session.Command{
	Spec: command.Spec{
		Name: "trackinginfo", Group: command.GroupConnection, Since: "6.2.0",
		Complexity: "O(1)",
		Summary:    "Describes how keys are tracked for the connection.",
		Arity:      2,
		Flags:      command.NoScript | command.Loading | command.Stale | command.SentinelToo,
	},
	Run: trackingInfo,
}

func trackingInfo(c *session.Call) error {
	t, flags := c.Client.Tracking, []string{"off"}
	var prefixes []string
	if t != nil {
		prefixes = t.Prefixes
		flags = []string{"on"}
		for _, f := range []struct {
			on   bool
			name string
		}{
			{t.Broadcast, "bcast"}, {t.OptIn, "optin"}, {t.OptIn && t.Caching, "caching-yes"}, {t.OptOut, "optout"},
			{t.OptOut && t.Caching, "caching-no"}, {t.NoLoop, "noloop"},
		} {
			if f.on {
				flags = append(flags, f.name)
			}
		}
	}
	w := c.Reply
	w.Map(3)
	w.BulkString("flags")
	w.Set(len(flags))
	for _, f := range flags {
		w.BulkString(f)
	}
	w.BulkString("redirect")
	w.Int(c.Client.Redirection())
	w.BulkString("prefixes")
	w.Array(len(prefixes))
	for _, p := range prefixes {
		w.BulkString(p)
	}
	return nil
}

var clientTracking = session.Command{
	Spec: command.Spec{
		Name: "tracking", Group: command.GroupConnection, Since: "6.0.0",
		Complexity: "O(1). Prefixes are compared with each other.",
		Summary:    "Has the server tell of changes of the keys that the connection may have cached, or not.",
		Arity:      -3,
		Flags:      command.NoScript | command.Loading | command.Stale | command.SentinelToo,
		Args: []command.Arg{
			command.OneOf("status", command.Token("on", "ON"), command.Token("off", "OFF")),
			command.Int("client-id").Tok("REDIRECT").Opt(),
			command.Str("prefix").Tok("PREFIX").Opt().ManyTok(),
			command.Token("bcast", "BCAST").Shown("BCAST").Opt(),
			command.Token("optin", "OPTIN").Shown("OPTIN").Opt(),
			command.Token("optout", "OPTOUT").Shown("OPTOUT").Opt(),
			command.Token("noloop", "NOLOOP").Shown("NOLOOP").Opt(),
		},
	},
	Run: tracking,
}

func tracking(c *session.Call) error {
	next, prefixes, err := parseTracking(c)
	switch {
	case err != nil:
		return err
	case c.Is(2, "on"):
		if err := compatible(c.Client.Tracking, next, prefixes); err != nil {
			return err
		}
		if old := c.Client.Tracking; old != nil {
			next.Keep(old)
		}
		if next.Broadcast && len(prefixes) == 0 {
			prefixes = []string{""}
		}
		for _, p := range prefixes {
			next.Add(p)
		}
		c.Client.Tracking = next
	case c.Is(2, "off"):
		c.Client.Tracking = nil
	default:
		return session.ErrSyntax
	}
	c.Reply.OK()
	return nil
}

func parseTracking(c *session.Call) (t *session.Tracking, prefixes []string, err error) {
	t = &session.Tracking{}
	for i := 3; i < len(c.Argv); i++ {
		more := i+1 < len(c.Argv)
		switch {
		case c.Is(i, "redirect") && more:
			if t.Redirect != 0 {
				return nil, nil, session.Errorf("A client can only redirect to a single other client")
			}
			i++
			id, err := c.Int(i)
			if err != nil {
				return nil, nil, err
			}
			if c.Front.Clients.ByID(uint64(id)) == nil {
				return nil, nil, session.Errorf("The client ID you want redirect to does not exist")
			}
			t.Redirect = uint64(id)
		case c.Is(i, "bcast"):
			t.Broadcast = true
		case c.Is(i, "optin"):
			t.OptIn = true
		case c.Is(i, "optout"):
			t.OptOut = true
		case c.Is(i, "noloop"):
			t.NoLoop = true
		case c.Is(i, "prefix") && more:
			i++
			prefixes = append(prefixes, string(c.Argv[i]))
		default:
			return nil, nil, session.ErrSyntax
		}
	}
	return t, prefixes, nil
}

// compatible says why a client's tracking cannot become another.
func compatible(old, next *session.Tracking, prefixes []string) error {
	switch {
	case !next.Broadcast && len(prefixes) > 0:
		return session.Errorf("PREFIX option requires BCAST mode to be enabled")
	case old != nil && old.Broadcast != next.Broadcast:
		return session.Errorf("You can't switch BCAST mode on/off before disabling tracking for this client, and then " +
			"re-enabling it with a different mode.")
	case next.Broadcast && (next.OptIn || next.OptOut):
		return session.Errorf("OPTIN and OPTOUT are not compatible with BCAST")
	case next.OptIn && next.OptOut:
		return session.Errorf("You can't specify both OPTIN mode and OPTOUT mode")
	case old != nil && (next.OptIn && old.OptOut || next.OptOut && old.OptIn):
		return session.Errorf("You can't switch OPTIN/OPTOUT mode before disabling tracking for this client, and then " +
			"re-enabling it with a different mode.")
	}
	for i, p := range prefixes {
		if old != nil {
			for _, have := range old.Prefixes {
				if overlap(p, have) {
					return session.Errorf("Prefix '%s' overlaps with an existing prefix '%s'. Prefixes for a single client must "+
						"not overlap.", p, have)
				}
			}
		}
		for _, other := range prefixes[i+1:] {
			if overlap(p, other) {
				return session.Errorf("Prefix '%s' overlaps with another provided prefix '%s'. Prefixes for a single client "+
					"must not overlap.", p, other)
			}
		}
	}
	return nil
}

func overlap(a, b string) bool { return strings.HasPrefix(a, b) || strings.HasPrefix(b, a) }

var clientCaching = session.Command{
	Spec: command.Spec{
		Name: "caching", Group: command.GroupConnection, Since: "6.0.0",
		Complexity: "O(1)",
		Summary:    "Says whether the keys of the next command are tracked.",
		Arity:      3,
		Flags:      command.AllowBusy | command.NoScript | command.Loading | command.Stale | command.SentinelToo,
		Args:       []command.Arg{command.OneOf("mode", command.Token("yes", "YES"), command.Token("no", "NO"))},
	},
	Run: caching,
}

func caching(c *session.Call) error {
	t := c.Client.Tracking
	switch {
	case t == nil:
		return session.Errorf("CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT " +
			"mode enabled")
	case c.Is(2, "yes") && !t.OptIn:
		return session.Errorf("CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode.")
	case c.Is(2, "no") && !t.OptOut:
		return session.Errorf("CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode.")
	case !c.Is(2, "yes") && !c.Is(2, "no"):
		return session.ErrSyntax
	}
	t.Caching = true
	c.Reply.OK()
	return nil
}
