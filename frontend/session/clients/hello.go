package clients

import (
	"valkey/frontend/command"
	"valkey/frontend/resp"
	"valkey/frontend/session"
)

// Hello is the command HELLO.
var Hello = session.Command{
	Spec: command.Spec{
		Name: "hello", Group: command.GroupConnection, Since: "6.0.0",
		Complexity: "O(1)",
		Summary:    "Agrees on a protocol version, and logs in and names the connection if wanted.",
		Arity:      -1,
		Flags: command.NoScript | command.Loading | command.Stale | command.Fast | command.NoAuth |
			command.SentinelToo | command.AllowBusy,
		Args: []command.Arg{
			command.Block("arguments",
				command.Int("protover"),
				command.Block("auth", command.Str("username"), command.Str("password")).Tok("AUTH").Opt(),
				command.Str("clientname").Tok("SETNAME").Opt()).Opt(),
		},
		History: []command.Change{
			{Version: "8.1.0", Text: "Replies with `availability_zone` if that is configured."},
			{Version: "6.2.0", Text: "The version may be left out, to learn about the connection only."},
		},
	},
	Run: hello,
}

const (
	errProtocol  = resp.Error("NOPROTO unsupported protocol version")
	errHelloAuth = resp.Error("NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO " +
		"<proto> AUTH <user> <pass> option can be used to authenticate the client and select the RESP protocol version " +
		"at the same time")
)

// helloOptions are what HELLO asks for; nothing of it is done before all of it is understood.
type helloOptions struct {
	protocol       int // 0: stay
	user, password []byte
	name           []byte
}

func hello(c *session.Call) error {
	o, err := parseHello(c)
	if err != nil {
		return err
	}
	if o.user != nil {
		if err := logIn(c, o.user, o.password); err != nil {
			return err
		}
	}
	if !c.Client.Authenticated {
		return errHelloAuth
	}
	if o.name != nil {
		c.Client.Name = string(o.name)
	}
	if o.protocol != 0 {
		c.Reply.Proto = o.protocol
	}
	writeHello(c)
	return nil
}

func parseHello(c *session.Call) (o helloOptions, err error) {
	for i := range c.Argv { // first, as what is wrong before it must not make a password public
		if c.Is(i, "auth") {
			c.Redact(i + 1)
			c.Redact(i + 2)
		}
	}
	if len(c.Argv) > 1 {
		n, ok := resp.ParseInt(c.Argv[1])
		if !ok {
			return o, session.Errorf("Protocol version is not an integer or out of range")
		}
		if n != 2 && n != 3 {
			return o, errProtocol
		}
		o.protocol = int(n)
	}
	for i := 2; i < len(c.Argv); i++ {
		more := len(c.Argv) - 1 - i
		switch {
		case c.Is(i, "auth") && more >= 2:
			o.user, o.password = c.Argv[i+1], c.Argv[i+2]
			i += 2
		case c.Is(i, "setname") && more >= 1:
			i++
			o.name = c.Argv[i]
			if !printable(o.name) {
				return o, errName
			}
		default:
			return o, session.Errorf("Syntax error in HELLO option '%s'", c.Argv[i])
		}
	}
	return o, nil
}

// writeHello says who the server is.
func writeHello(c *session.Call) {
	facts := c.Front.Host.Facts()
	server, version := "valkey", facts.Version
	if c.Front.Config.ExtendedRedisCompatibility {
		server, version = "redis", session.RedisVersion
	}
	zone := c.Front.Config.AvailabilityZone
	w := c.Reply
	role := c.Front.Owner.Role()
	n := 6
	if role != "" {
		n++
	}
	if zone != "" {
		n++
	}
	w.Map(n)
	w.BulkString("server")
	w.BulkString(server)
	w.BulkString("version")
	w.BulkString(version)
	w.BulkString("proto")
	w.Int(int64(w.Proto))
	w.BulkString("id")
	w.Int(int64(c.Client.ID))
	w.BulkString("mode")
	w.BulkString(facts.Mode)
	if role != "" {
		w.BulkString("role")
		w.BulkString(role)
	}
	w.BulkString("modules")
	w.Array(0)
	if zone != "" {
		w.BulkString("availability_zone")
		w.BulkString(zone)
	}
}
