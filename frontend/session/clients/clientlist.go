package clients

import (
	"valkey/frontend/command"
	"valkey/frontend/session"
)

var clientID = session.Command{
	Spec: command.Spec{
		Name: "id", Group: command.GroupConnection, Since: "5.0.0",
		Complexity: "O(1)",
		Summary:    "Returns the connection's number, which no other ever has.",
		Arity:      2,
		Flags:      command.AllowBusy | command.NoScript | command.Loading | command.Stale | command.SentinelToo,
	},
	Run: id,
}

func id(c *session.Call) error {
	c.Reply.Int(int64(c.Client.ID))
	return nil
}

var clientInfo = session.Command{
	Spec: command.Spec{
		Name: "info", Group: command.GroupConnection, Since: "6.2.0",
		Complexity: "O(1)",
		Summary:    "Describes the connection in one line.",
		Arity:      2,
		Flags:      command.NoScript | command.Loading | command.Stale | command.SentinelToo,
		Tips:       []string{"nondeterministic_output"},
	},
	Run: info,
}

func info(c *session.Call) error {
	c.Reply.Verbatim("txt", string(append(c.Front.DescribeClient(nil, c.Client), '\n')))
	return nil
}

var clientList = session.Command{
	Spec: command.Spec{
		Name: "list", Group: command.GroupConnection, Since: "2.4.0",
		Complexity: "O(N) for N connections",
		Summary:    "Describes the open connections, a line each.",
		Arity:      -2,
		Flags:      command.Admin | command.NoScript | command.Loading | command.Stale | command.SentinelToo,
		Args: []command.Arg{
			command.OneOf("client-type",
				command.Token("normal", "NORMAL"),
				command.Token("master", "MASTER"),
				command.Token("replica", "REPLICA"),
				command.Token("pubsub", "PUBSUB")).Tok("TYPE").Opt().From("5.0.0"),
			command.Int("client-id").Tok("ID").Many().Opt().From("6.2.0"),
			command.Str("username").Tok("USER").Opt().From("8.1.0"),
			command.Str("addr").Tok("ADDR").Opt().Shown("ip:port").From("8.1.0"),
			command.Str("laddr").Tok("LADDR").Opt().Shown("ip:port").From("8.1.0"),
			command.OneOf("skipme", command.Token("yes", "YES"), command.Token("no", "NO")).Tok("SKIPME").Opt().From("8.1.0"),
			command.Int("maxage").Tok("MAXAGE").Opt().From("8.1.0"),
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
			command.Str("not-ip").Tok("NOT-IP").Opt().From("9.0.0"),
		},
		Tips: []string{"nondeterministic_output"},
		History: []command.Change{
			{Version: "2.8.12", Text: "Shows the unique `id`."},
			{Version: "5.0.0", Text: "Can select by `TYPE`."},
			{Version: "6.0.0", Text: "Shows `user`."},
			{Version: "6.2.0", Text: "Shows `argv-mem`, `tot-mem`, `laddr` and `redir`, and can select by `ID`."},
			{Version: "7.0.0", Text: "Shows `resp`, `multi-mem`, `rbs` and `rbp`."},
			{Version: "7.0.3", Text: "Shows `ssub`."},
			{Version: "8.0.0", Text: "The `TYPE` once called `master` is `primary`; the old word is still understood."},
			{Version: "8.1.0", Text: "Can also select by USER, ADDR, LADDR, SKIPME and MAXAGE."},
			{Version: "9.0.0", Text: "Can also select by NAME, IDLE, FLAGS, LIB-NAME, LIB-VER, DB, CAPA and IP, and exclude " +
				"by NOT-ID, NOT-TYPE, NOT-ADDR, NOT-LADDR, NOT-USER, NOT-FLAGS, NOT-NAME, NOT-LIB-NAME, " +
				"NOT-LIB-VER, NOT-DB, NOT-CAPA and NOT-IP."},
		},
	},
	Run: list,
}

func list(c *session.Call) error {
	var f filter
	switch {
	case len(c.Argv) == 3:
		return session.ErrSyntax
	case len(c.Argv) > 3:
		var err error
		if f, err = parseFilter(c, false); err != nil {
			return err
		}
	}
	var lines []byte
	for cl := range c.Front.Clients.All {
		if f.matches(c, cl) {
			lines = append(c.Front.DescribeClient(lines, cl), '\n')
		}
	}
	c.Reply.Verbatim("txt", string(lines))
	return nil
}
