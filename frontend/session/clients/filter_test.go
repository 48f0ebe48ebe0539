package clients

import (
	"bytes"
	"slices"
	"testing"

	"valkey/configs"
	"valkey/frontend/acl"
	"valkey/frontend/command"
	"valkey/frontend/session"
)

// FuzzFilter holds the filters of CLIENT LIST and KILL to what they promise: no text makes them panic, what is accepted
// decides about any client, and a filter turned round decides the other way.
func FuzzFilter(f *testing.F) {
	for _, seed := range []string{
		"ID 1 2 NOT-ID 3", "type normal not-type pubsub", "USER default", "NAME me NOT-NAME you", "FLAGS NO capa r",
		"db 0 not-db 1 idle 1 maxage 1", "ip ::1 addr 1.2.3.4:5 laddr x", "lib-name a lib-ver b skipme yes", "ID",
	} {
		f.Add([]byte(seed))
	}
	users := acl.New(acl.NewCommands(func(func(*command.Decl) bool) {}), false)
	clients := []*session.Client{
		{ID: 1, User: users.Default}, {ID: 2, Name: "me", LibName: "a", Redirect: true, DB: 1, NoEvict: true},
	}
	f.Fuzz(func(t *testing.T, words []byte) {
		f := &session.Front{Config: configs.New(), Users: users}
		argv := append([][]byte{[]byte("client"), []byte("list")}, bytes.Fields(words)...)
		c := &session.Call{Front: f, Client: clients[0], Argv: argv}
		parsed, err := parseFilter(c, false)
		if err != nil {
			return
		}
		for _, cl := range clients {
			parsed.matches(c, cl)
		}
		by, negated, _ := findCriterion(argv[min(2, len(argv)-1)])
		if len(argv) != 4 || negated || by == byID && len(parsed.ids) == 0 {
			return // not one criterion alone
		}
		turned := slices.Clone(argv)
		turned[2] = append([]byte("not-"), argv[2]...)
		c.Argv = turned
		other, err := parseFilter(c, false)
		if err != nil {
			return // SKIPME, IDLE and MAXAGE have no other side
		}
		for _, cl := range clients {
			if parsed.matches(c, cl) == other.matches(c, cl) {
				t.Fatalf("client %d: %q decides as %q does", cl.ID, argv, turned)
			}
		}
	})
}

// FuzzHello: whatever HELLO accepts is a version and a name that can be shown.
func FuzzHello(f *testing.F) {
	for _, seed := range []string{"3", "2 AUTH a b SETNAME c", "3 setname x setname y", "4", "3 AUTH a", "x"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, words []byte) {
		argv := append([][]byte{[]byte("hello")}, bytes.Fields(words)...)
		o, err := parseHello(&session.Call{Argv: argv})
		if err != nil {
			return
		}
		if len(argv) > 1 && o.protocol != 2 && o.protocol != 3 {
			t.Fatalf("%q: version %d", argv, o.protocol)
		}
		if !printable(o.name) || (o.user == nil) != (o.password == nil) {
			t.Fatalf("%q: %+v", argv, o)
		}
	})
}
