package acl_test

import (
	"errors"
	"strings"
	"testing"

	"valkey/frontend/acl"
	"valkey/frontend/command"
)

type handler = func()

func nothing() {}

// table is a small server: a command of every kind that rules can tell apart.
var table = command.NewTable([]command.Command[handler]{
	{Run: nothing, Spec: command.Spec{
		Name: "get", Group: command.GroupString, Arity: 2, Flags: command.Readonly | command.Fast, Since: "1.0.0",
		Complexity: "O(1)", Summary: "Reads.", Keys: []command.KeySpec{command.KeyAt(1, command.RO, command.Access)},
		Args: []command.Arg{command.KeyArg("key", 0)},
	}},
	{Run: nothing, Spec: command.Spec{
		Name: "set", Group: command.GroupString, Arity: 3, Flags: command.Write, Since: "1.0.0",
		Complexity: "O(1)", Summary: "Writes.",
		Keys: []command.KeySpec{command.KeyAt(1, command.OW, command.Update)},
		Args: []command.Arg{command.KeyArg("key", 0), command.Str("value")},
	}},
	{Run: nothing, Spec: command.Spec{
		Name: "copy", Group: command.GroupGeneric, Arity: -3, Flags: command.Write, Since: "1.0.0",
		Complexity: "O(1)", Summary: "Copies.",
		Keys: []command.KeySpec{
			command.KeyAt(1, command.RO, command.Access), command.KeyAt(2, command.OW, command.Update),
		},
		Databases: command.DatabaseArgs{After: "db", From: 3},
		Args: []command.Arg{
			command.KeyArg("source", 0), command.KeyArg("destination", 1), command.Int("db").Tok("DB").Opt(),
		},
	}},
	{Run: nothing, Spec: command.Spec{
		Name: "swapdb", Group: command.GroupServer, Arity: 3, Flags: command.Write | command.Fast, Since: "4.0.0",
		Complexity: "O(1)", Summary: "Swaps.", Databases: command.DatabaseArgs{At: [2]int{1, 2}},
		Categories: command.CategoryKeyspace | command.CategoryDangerous,
		Args:       []command.Arg{command.Int("index1"), command.Int("index2")},
	}},
	{Run: nothing, Spec: command.Spec{
		Name: "flushall", Group: command.GroupServer, Arity: 1, Flags: command.Write | command.AllDBs, Since: "1.0.0",
		Complexity: "O(1)", Summary: "Empties.", Categories: command.CategoryKeyspace | command.CategoryDangerous,
	}},
	{Run: nothing, Spec: command.Spec{
		Name: "publish", Group: command.GroupPubsub, Arity: 3, Flags: command.Pubsub | command.Fast, Since: "2.0.0",
		Complexity: "O(1)", Summary: "Tells.", Channels: command.PublishesTo,
		Args: []command.Arg{command.Str("channel"), command.Str("message")},
	}},
	{Run: nothing, Spec: command.Spec{
		Name: "subscribe", Group: command.GroupPubsub, Arity: -2, Flags: command.Pubsub, Since: "2.0.0",
		Complexity: "O(1)", Summary: "Listens.", Channels: command.SubscribesTo,
		Args: []command.Arg{command.Str("channel").Many()},
	}},
	{Run: nothing, Spec: command.Spec{
		Name: "psubscribe", Group: command.GroupPubsub, Arity: -2, Flags: command.Pubsub, Since: "2.0.0",
		Complexity: "O(1)", Summary: "Listens to patterns.", Channels: command.SubscribesPattern,
		Args: []command.Arg{command.Pattern("pattern").Many()},
	}},
	{Run: nothing, Spec: command.Spec{
		Name: "select", Group: command.GroupConnection, Arity: 2, Flags: command.Fast, Since: "1.0.0",
		Complexity: "O(1)", Summary: "Selects.", Databases: command.DatabaseArgs{At: [2]int{1}},
		Args: []command.Arg{command.Int("index")},
	}},
	{Run: nothing, Spec: command.Spec{
		Name: "debug", Group: command.GroupServer, Arity: -2, Flags: command.Admin, Since: "1.0.0",
		Complexity: "O(1)", Summary: "Does this and that.", Args: []command.Arg{command.Str("what").Many()},
	}},
	{Run: nothing, Spec: command.Spec{
		Name: "auth", Group: command.GroupConnection, Arity: -2, Flags: command.NoAuth | command.Fast, Since: "1.0.0",
		Complexity: "O(1)", Summary: "Logs in.", Args: []command.Arg{command.Str("user").Opt(), command.Str("password")},
	}},
	{
		Spec: command.Spec{
			Name: "config", Group: command.GroupServer, Arity: -2, Since: "2.0.0", Complexity: "O(1)", Summary: "Contains.",
		},
		Sub: []command.Command[handler]{
			{Run: nothing, Spec: command.Spec{
				Name: "get", Group: command.GroupServer, Arity: -3, Flags: command.Admin, Since: "2.0.0", Complexity: "O(1)",
				Summary: "Reads directives.", Args: []command.Arg{command.Str("name").Many()},
			}},
			{Run: nothing, Spec: command.Spec{
				Name: "set", Group: command.GroupServer, Arity: -3, Flags: command.Admin, Since: "2.0.0", Complexity: "O(1)",
				Summary: "Changes directives.", Args: []command.Arg{command.Str("name").Many()},
			}},
		},
	},
})

func newUsers() *acl.Users { return acl.New(acl.NewCommands(table.All), false) }

// argv splits a call at its blanks.
func argv(line string) [][]byte {
	var out [][]byte
	for w := range strings.FieldsSeq(line) {
		out = append(out, []byte(w))
	}
	return out
}

// ask checks a call in a database of 16.
func ask(t testing.TB, us *acl.Users, user, line string, db int) (acl.Reason, int) {
	t.Helper()
	args := argv(line)
	e, ok := table.Lookup(args)
	if !ok {
		t.Fatalf("no command %q", line)
	}
	return us.Check(us.Find([]byte(user)), acl.Request{Command: &e.Decl, Argv: args, DB: db, Databases: 16})
}

func set(t testing.TB, us *acl.Users, user, rules string) {
	t.Helper()
	if _, _, err := us.Set(user, strings.Fields(rules)); err != nil {
		t.Fatalf("%s: %v", rules, err)
	}
}

func TestCheck(t *testing.T) {
	tests := []struct {
		rules, call string
		db          int
		why         acl.Reason
		at          int
	}{
		{"", "get k", 0, acl.DeniedCommand, 0},
		{"+get", "get k", 0, acl.DeniedKey, 1},
		{"+get ~k*", "get k1", 0, acl.Allowed, 0},
		{"+get ~k*", "get x", 0, acl.DeniedKey, 1},
		{"+@all ~*", "set x y", 0, acl.Allowed, 0},
		{"+@all %R~*", "set x y", 0, acl.DeniedKey, 1},
		{"+@all %W~*", "set x y", 0, acl.Allowed, 0},
		{"+@all %W~*", "get x", 0, acl.DeniedKey, 1},
		{"+@all %R~a %W~b", "copy a b", 0, acl.Allowed, 0},
		{"+@all %R~a %W~b", "copy b a", 0, acl.DeniedKey, 1},
		{"+@all %R~a %W~a", "copy a a", 0, acl.Allowed, 0},
		{"+@read ~*", "get x", 0, acl.Allowed, 0},
		{"+@read ~*", "set x y", 0, acl.DeniedCommand, 0},
		{"+@all -@write ~*", "set x y", 0, acl.DeniedCommand, 0},
		{"+config|get", "config get x", 0, acl.Allowed, 0},
		{"+config|get", "config set x y", 0, acl.DeniedCommand, 0},
		{"+config -config|set", "config get x", 0, acl.Allowed, 0},
		{"+config -config|set", "config set x y", 0, acl.DeniedCommand, 0},
		{"+debug|object", "debug OBJECT k", 0, acl.Allowed, 0},
		{"+debug|object", "debug sleep 1", 0, acl.DeniedCommand, 0},
		{"+select|0", "select 0", 0, acl.Allowed, 0},
		{"+select|0", "select 1", 0, acl.DeniedCommand, 0},
		{"", "auth x", 0, acl.Allowed, 0},
		{"+@all", "publish c m", 0, acl.DeniedChannel, 1},
		{"+@all &c*", "publish c1 m", 0, acl.Allowed, 0},
		{"+@all &c*", "subscribe c1 d", 0, acl.DeniedChannel, 2},
		{"+@all &c*", "psubscribe c*", 0, acl.Allowed, 0},
		{"+@all &c*", "psubscribe c", 0, acl.DeniedChannel, 1},
		{"+@all &c?", "psubscribe c1", 0, acl.DeniedChannel, 1},
		{"+@all ~* db=1", "get k", 1, acl.Allowed, 0},
		{"+@all ~* db=1", "get k", 0, acl.DeniedDatabase, 0},
		{"+@all ~* db=1", "select 1", 0, acl.Allowed, 0},
		{"+@all ~* db=1", "select 2", 1, acl.DeniedDatabase, 1},
		{"+@all ~* db=1", "select 99", 1, acl.Allowed, 0},
		{"+@all ~* db=1,2", "swapdb 1 2", 0, acl.Allowed, 0},
		{"+@all ~* db=1,2", "swapdb 1 3", 1, acl.DeniedDatabase, 2},
		{"+@all ~* db=1,2", "copy a b DB 2", 1, acl.Allowed, 0},
		{"+@all ~* db=1,2", "copy a b DB 2", 0, acl.DeniedDatabase, 0},
		{"+@all ~* db=1,2", "copy a b db 2 DB 3", 1, acl.DeniedDatabase, 6},
		{"+@all ~* db=1,2", "flushall", 1, acl.DeniedDatabase, 0},
		{"+@all ~* db=0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15", "flushall", 1, acl.Allowed, 0},
		{"+@all ~* resetdbs", "publish c m", 1, acl.DeniedChannel, 1},
		{"+get ~a (+set ~b)", "set b x", 0, acl.Allowed, 0},
		{"+get ~a (+set ~b)", "set a x", 0, acl.DeniedKey, 1},
		{"+get ~a (+set ~b)", "get b", 0, acl.DeniedKey, 1},
		{"+get ~a (+set ~b) clearselectors", "set b x", 0, acl.DeniedCommand, 0},
		{"+@all ~* &* alldbs", "flushall", 9, acl.Allowed, 0},
	}
	for _, tt := range tests {
		us := newUsers()
		set(t, us, "u", "on nopass "+tt.rules)
		if why, at := ask(t, us, "u", tt.call, tt.db); why != tt.why || at != tt.at {
			t.Errorf("%q, %q in %d: %v at %d, want %v at %d", tt.rules, tt.call, tt.db, why, at, tt.why, tt.at)
		}
	}
}

func TestRefusedRules(t *testing.T) {
	tests := []struct {
		rule string
		want error
	}{
		{"+nosuch", acl.ErrUnknown},
		{"-nosuch", acl.ErrUnknown},
		{"+@nosuch", acl.ErrUnknown},
		{"+config|nosuch", acl.ErrUnknown},
		{"-debug|object", acl.ErrUnknown},
		{"+", acl.ErrUnknown},
		{"+debug|", acl.ErrSyntax},
		{"+config|get|x", acl.ErrFirstArg},
		{"hello", acl.ErrSyntax},
		{"~a b", acl.ErrSyntax},
		{"~a\x00", acl.ErrSyntax},
		{"%~a", acl.ErrSyntax},
		{"%X~a", acl.ErrSyntax},
		{"%RR~a", acl.ErrSyntax},
		{"&a b", acl.ErrSyntax},
		{"<nothere", acl.ErrNoPassword},
		{"#abc", acl.ErrHash},
		{"#" + strings.Repeat("A", 64), acl.ErrHash},
		{"db=", acl.ErrSyntax},
		{"db=1,", acl.ErrSyntax},
		{"db=x", acl.ErrSyntax},
		{"db=-1", acl.ErrRange},
		{"db=99999999999", acl.ErrRange},
		{"(+nosuch)", acl.ErrUnknown},
		{"(on)", acl.ErrSyntax},
	}
	for _, tt := range tests {
		us := newUsers()
		set(t, us, "u", "+get ~before")
		before := us.Text()
		_, _, err := us.Set("u", []string{"+set", tt.rule})
		if !errors.Is(err, tt.want) {
			t.Errorf("%q: %v, want %v", tt.rule, err, tt.want)
		}
		if us.Text() != before {
			t.Errorf("%q changed the user: %s", tt.rule, us.Text())
		}
	}
	us := newUsers()
	for _, rules := range []string{"~* ~x", "allkeys %R~x"} {
		if _, _, err := us.Set("u", strings.Fields(rules)); !errors.Is(err, acl.ErrAfterAllKeys) {
			t.Errorf("%q: %v", rules, err)
		}
	}
	if _, _, err := us.Set("u", strings.Fields("&* &x")); !errors.Is(err, acl.ErrAfterAllChannels) {
		t.Error(err)
	}
	var unmatched *acl.UnmatchedError
	if _, _, err := us.Set("u", strings.Fields("+get (+set ~x")); !errors.As(err, &unmatched) {
		t.Error(err)
	}
}

func TestDescribe(t *testing.T) {
	const hash = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08" // of "test"
	tests := []struct{ rules, want string }{
		{"", "off resetchannels -@all"},
		{"on nopass ~* &* +@all", "on nopass ~* &* +@all"},
		{">test on", "on #" + hash + " resetchannels -@all"},
		{">test <test", "off resetchannels -@all"},
		{">test nopass", "off nopass resetchannels -@all"},
		{"+get +GET", "off resetchannels -@all +get"},
		{"+@read -get +set", "off resetchannels -@all +@read -get +set"},
		{"+config|get +config|set +config", "off resetchannels -@all +config"},
		{"+get +@all -set", "off resetchannels +@all -set"},
		{"+debug|Object", "off resetchannels -@all +debug|object"},
		{"%R~a %W~a ~b %W~c", "off ~a ~b %W~c resetchannels -@all"},
		{"&x &y", "off resetchannels &x &y -@all"},
		{"db=3,1,3", "off resetchannels db=1,3 -@all"},
		{"resetdbs", "off resetchannels resetdbs -@all"},
		{
			"(+get ~x) (%R~y &c db=2)",
			"off resetchannels -@all (~x resetchannels -@all +get) (%R~y resetchannels &c db=2 -@all)",
		},
		{"on ~* reset", "off resetchannels -@all"},
		{"sanitize-payload", "off resetchannels -@all"},
	}
	for _, tt := range tests {
		us := newUsers()
		set(t, us, "u", tt.rules)
		got := us.Find([]byte("u")).Describe()
		if got != tt.want {
			t.Errorf("%q: %q, want %q", tt.rules, got, tt.want)
		}
		again := newUsers()
		set(t, again, "u", got)
		if twice := again.Find([]byte("u")).Describe(); twice != got {
			t.Errorf("%q describes itself as %q", got, twice)
		}
	}
}

func TestPasswords(t *testing.T) {
	us := newUsers()
	set(t, us, "u", "on >one >two")
	u := us.Find([]byte("u"))
	for _, p := range []string{"one", "two"} {
		if !u.Authenticate([]byte(p)) {
			t.Errorf("%q is refused", p)
		}
	}
	for _, p := range []string{"", "on", "three", "one\x00"} {
		if u.Authenticate([]byte(p)) {
			t.Errorf("%q is accepted", p)
		}
	}
	set(t, us, "u", "off")
	if u.Authenticate([]byte("one")) {
		t.Error("a disabled user logs in")
	}
	set(t, us, "u", "on resetpass")
	if u.Authenticate(nil) {
		t.Error("a user without passwords logs in")
	}
	set(t, us, "u", "nopass")
	if !u.Authenticate([]byte("anything")) {
		t.Error("nopass asks for one")
	}
	us.SetPassword("secret")
	if us.Default.NoPass() || !us.Default.Authenticate([]byte("secret")) || us.Default.Authenticate([]byte("x")) {
		t.Error("requirepass does not hold")
	}
	us.SetPassword("")
	if !us.Default.NoPass() {
		t.Error("requirepass does not end")
	}
}

func TestNarrowedChannels(t *testing.T) {
	us := newUsers()
	for _, step := range []struct {
		rules    string
		narrowed bool
	}{
		{"&a &b", false}, {"&c", false}, {"resetchannels &a &b &c &d", false}, {"resetchannels &a", true},
		{"allchannels", false}, {"+get", false}, {"resetchannels &a", true}, {"(&z)", false}, {"clearselectors", true},
	} {
		_, narrowed, err := us.Set("u", strings.Fields(step.rules))
		if err != nil || narrowed != step.narrowed {
			t.Errorf("%q: %v, %v", step.rules, narrowed, err)
		}
	}
}

func TestLoad(t *testing.T) {
	us := newUsers()
	set(t, us, "gone", "on &x")
	set(t, us, "stays", "on &x &y")
	gone, stays := us.Find([]byte("gone")), us.Find([]byte("stays"))
	before := us.Text()
	for _, bad := range []string{
		"hello", "user", "user a +nosuch", "user a on\nuser a on", "user a (+get", "user a hello", "# remark",
	} {
		if _, _, err := us.Load("f", bad); err == nil || us.Text() != before {
			t.Errorf("%q: %v", bad, err)
		}
	}
	replaced, narrowed, err := us.Load("f", "\nuser stays on &x\r\nuser new on nopass ~* +@all\n\n")
	if err != nil {
		t.Fatal(err)
	}
	if replaced[gone] != nil || replaced[stays] != us.Find([]byte("stays")) || !narrowed[replaced[stays]] {
		t.Error("wrong successors")
	}
	if d := us.Default; replaced[d] != d || us.Find([]byte("default")) != d || !d.Unlimited() {
		t.Error("the default user is not as it begins")
	}
	text := us.Text()
	if _, _, err := us.Load("f", text); err != nil || us.Text() != text {
		t.Errorf("what was saved loads as %q: %v", us.Text(), err)
	}
}

func TestConfigure(t *testing.T) {
	us := newUsers()
	_, err := us.Configure([]acl.Configured{
		{Name: "default", Rules: []string{"on", ">x", "~*", "+@all"}}, {Name: "u", Rules: []string{"(+get", "~x)"}},
	})
	if err != nil || us.Default.NoPass() || us.Default.Unlimited() || us.Len() != 2 {
		t.Errorf("%v, %s", err, us.Text())
	}
	for _, bad := range [][]acl.Configured{
		{{Name: "a b"}}, {{Name: "a"}, {Name: "a"}}, {{Name: "a", Rules: []string{"("}}}, {{Name: "a", Rules: []string{"x"}}},
	} {
		if _, err := newUsers().Configure(bad); err == nil {
			t.Errorf("%v is accepted", bad)
		}
	}
	_, err = newUsers().Configure([]acl.Configured{{Name: "a", Rules: []string{"<secret"}}})
	if err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("an error that goes to the log: %v", err)
	}
}

func TestDelete(t *testing.T) {
	us := newUsers()
	set(t, us, "u", "on")
	if us.Delete([]byte("default")) != nil || us.Delete([]byte("u")) == nil || us.Delete([]byte("u")) != nil {
		t.Error("wrong users are deleted")
	}
}

func TestLog(t *testing.T) {
	var l acl.Log
	denied := func(object string, ms int64) {
		l.Add(acl.Entry{Reason: acl.DeniedKey, Object: object, User: "u", Client: object}, ms, 3)
	}
	denied("a", 1)
	denied("b", 2)
	denied("a", 3)
	if got := l.Latest(9); len(got) != 2 || got[0].Object != "a" || got[0].Count != 2 || got[0].ID != 0 ||
		got[0].CreatedMs != 1 || got[0].UpdatedMs != 3 {
		t.Errorf("%+v", got)
	}
	denied("a", 70_000)
	if got := l.Latest(1); got[0].Count != 1 || got[0].ID != 2 {
		t.Errorf("%+v", got)
	}
	denied("c", 70_001)
	if got := l.Latest(9); len(got) != 3 || got[0].Object != "c" || got[2].Object != "a" {
		t.Errorf("%+v", got)
	}
	l.Add(acl.Entry{}, 1, 0)
	if len(l.Latest(9)) != 0 || len(l.Latest(-1)) != 0 {
		t.Error("a log of length 0 keeps something")
	}
}

func TestCheckAllocatesNothing(t *testing.T) {
	us := newUsers()
	set(t, us, "u", "on +get +copy ~a* ~b* db=0 (+set ~x)")
	e, _ := table.Lookup(argv("copy"))
	r := acl.Request{Command: &e.Decl, Argv: argv("copy a1 b2"), Databases: 16}
	u := us.Find([]byte("u"))
	if n := testing.AllocsPerRun(100, func() { us.Check(u, r) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// BenchmarkCheck is the price of a restricted user, for each command.
func BenchmarkCheck(b *testing.B) {
	us := newUsers()
	set(b, us, "u", "on +@read +@write -@dangerous ~key:* db=0")
	e, _ := table.Lookup(argv("get"))
	r := acl.Request{Command: &e.Decl, Argv: argv("get key:000000012345"), Databases: 16}
	u := us.Find([]byte("u"))
	for b.Loop() {
		if why, _ := us.Check(u, r); why != acl.Allowed {
			b.Fatal(why)
		}
	}
}
