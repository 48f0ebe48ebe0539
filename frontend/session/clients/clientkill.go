package clients

import (
	"valkey/frontend/command"
	"valkey/frontend/session"
)

var clientKill = session.Command{
	Spec: command.Spec{
		Name: "kill", Group: command.GroupConnection, Since: "2.4.0",
		Complexity: "O(N) for N connections",
		Summary:    "Closes the connections that match an address or filters.",
		Arity:      -3,
		Flags:      command.Admin | command.NoScript | command.Loading | command.Stale | command.SentinelToo,
		Args: []command.Arg{
			command.OneOf("filter",
				command.Str("old-format").Shown("ip:port").Until("2.8.12"),
				command.OneOf("new-format",
					command.Int("client-id").Tok("ID").Many().Opt().From("2.8.12"),
					command.OneOf("client-type",
						command.Token("normal", "NORMAL"),
						command.Token("master", "MASTER").From("3.2.0"),
						command.Token("primary", "PRIMARY").From("8.0.0"),
						command.Token("slave", "SLAVE"),
						command.Token("replica", "REPLICA").From("5.0.0"),
						command.Token("pubsub", "PUBSUB")).Tok("TYPE").Opt().From("2.8.12"),
					command.Str("username").Tok("USER").Opt(),
					command.Str("addr").Tok("ADDR").Opt().Shown("ip:port"),
					command.Str("laddr").Tok("LADDR").Opt().Shown("ip:port").From("6.2.0"),
					command.OneOf("skipme", command.Token("yes", "YES"), command.Token("no", "NO")).Tok("SKIPME").Opt(),
					command.Int("maxage").Tok("MAXAGE").Opt().From("8.0.0"),
					command.Str("name").Tok("NAME").Opt().From("9.0.0"),
					command.Int("idle").Tok("IDLE").Opt().From("9.0.0"),
					command.Str("flags").Tok("FLAGS").Opt().From("9.0.0"),
					command.Str("lib-name").Tok("LIB-NAME").Opt().From("9.0.0"),
					command.Str("lib-ver").Tok("LIB-VER").Opt().From("9.0.0"),
					command.Int("db").Tok("DB").Opt().From("9.0.0"),
					command.Str("capa").Tok("CAPA").Opt().From("9.0.0"),
					command.Str("ip").Tok("IP").Opt().From("9.0.0"),
					command.OneOf("not-client-type",
						command.Token("normal", "NORMAL"),
						command.Token("master", "MASTER"),
						command.Token("primary", "PRIMARY"),
						command.Token("slave", "SLAVE"),
						command.Token("replica", "REPLICA"),
						command.Token("pubsub", "PUBSUB")).Tok("NOT-TYPE").Opt().From("9.0.0"),
					command.Int("not-client-id").Tok("NOT-ID").Many().Opt().From("9.0.0"),
					command.Str("not-username").Tok("NOT-USER").Opt().From("9.0.0"),
					command.Str("not-addr").Tok("NOT-ADDR").Opt().Shown("ip:port").From("9.0.0"),
					command.Str("not-laddr").Tok("NOT-LADDR").Opt().Shown("ip:port").From("9.0.0"),
					command.Str("not-name").Tok("NOT-NAME").Opt().From("9.0.0"),
					command.Str("not-flags").Tok("NOT-FLAGS").Opt().From("9.0.0"),
					command.Str("not-lib-name").Tok("NOT-LIB-NAME").Opt().From("9.0.0"),
					command.Str("not-lib-ver").Tok("NOT-LIB-VER").Opt().From("9.0.0"),
					command.Int("not-db").Tok("NOT-DB").Opt().From("9.0.0"),
					command.Str("not-capa").Tok("NOT-CAPA").Opt().From("9.0.0"),
					command.Str("not-ip").Tok("NOT-IP").Opt().From("9.0.0")).Many()),
		},
		History: []command.Change{
			{Version: "2.8.12", Text: "Takes filters."},
			{Version: "2.8.12", Text: "Can select by `ID`."},
			{Version: "3.2.0", Text: "Knows `master` as a `TYPE`."},
			{Version: "5.0.0", Text: "The `TYPE` once called `slave` is `replica`; the old word is still understood."},
			{Version: "6.2.0", Text: "Can select by `LADDR`."},
			{Version: "8.0.0", Text: "Can select by `MAXAGE`."},
			{Version: "8.0.0", Text: "The `TYPE` once called `master` is `primary`; the old word is still understood."},
			{Version: "8.1.0", Text: "Takes several numbers after `ID`."},
			{Version: "9.0.0", Text: "Can also select by NAME, IDLE, FLAGS, LIB-NAME, LIB-VER, DB, CAPA and IP, and exclude " +
				"by NOT-ID, NOT-TYPE, NOT-ADDR, NOT-LADDR, NOT-USER, NOT-FLAGS, NOT-NAME, NOT-LIB-NAME, " +
				"NOT-LIB-VER, NOT-DB, NOT-CAPA and NOT-IP."},
		},
	},
	Run: kill,
}

func kill(c *session.Call) error {
	var f filter
	oldForm := len(c.Argv) == 3
	if oldForm {
		addr := string(c.Argv[2])
		f.is[byAddr] = func(cl *session.Client) bool { return remote(cl) == addr }
	} else {
		var err error
		if f, err = parseFilter(c, true); err != nil {
			return err
		}
	}
	killed := int64(0)
	for cl := range c.Front.Clients.All {
		if !f.matches(c, cl) {
			continue
		}
		killed++
		if cl == c.Client {
			cl.CloseAfter = true // it is to read the reply yet
		} else {
			c.Front.Kill(cl)
		}
	}
	switch {
	case !oldForm:
		c.Reply.Int(killed)
	case killed == 0:
		return session.Errorf("No such client")
	default:
		c.Reply.OK()
	}
	return nil
}
