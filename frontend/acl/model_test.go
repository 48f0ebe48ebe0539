package acl_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"valkey/frontend/acl"
	"valkey/frontend/command"
	"valkey/internal/glob"
)

// naive decides from the words of the rules alone, every time anew: the last rule that says something about a command
// holds, and so on.
type naive struct{ rules []string }

func (n naive) command(d *command.Decl, args [][]byte) bool {
	if d.Flags.Has(command.NoAuth) {
		return true
	}
	allowed, first := false, false
	for _, r := range n.rules {
		on, name := r[0] == '+', r[min(1, len(r)):]
		if r[0] != '+' && r[0] != '-' {
			continue
		}
		base, arg, bar := strings.Cut(name, "|")
		about := func(c *command.Decl) bool {
			return name == c.FullName || name[0] == '@' && c.Categories&command.CategoryByName([]byte(name[1:])) != 0
		}
		switch {
		case name == "@all" || about(d) || d.Parent != nil && about(d.Parent):
			allowed, first = on, false
		case bar && base == d.FullName:
			first = first || len(args) > 1 && strings.EqualFold(arg, string(args[1]))
		}
	}
	return allowed || first
}

func (n naive) key(key []byte, use command.KeyFlag) bool {
	for _, r := range n.rules {
		kind, pattern, _ := strings.Cut(r, "~")
		if r[0] != '~' && r[0] != '%' || !glob.Match([]byte(pattern), key) && pattern != "*" {
			continue
		}
		// Rules of the same pattern add up.
		letters := kind
		for _, other := range n.rules {
			if k, p, _ := strings.Cut(other, "~"); p == pattern && (other[0] == '~' || other[0] == '%') {
				if letters += k; k == "" {
					letters += "RW"
				}
			}
		}
		read := use&command.Access == 0 || strings.Contains(letters, "R")
		write := use&(command.Update|command.Insert|command.Delete) == 0 || strings.Contains(letters, "W")
		if read && write {
			return true
		}
	}
	return false
}

func (n naive) channel(c []byte, pattern bool) bool {
	for _, r := range n.rules {
		if r[0] == '&' && (r[1:] == "*" || r[1:] == string(c) || !pattern && glob.Match([]byte(r[1:]), c)) {
			return true
		}
	}
	return false
}

func (n naive) database(db int) bool {
	last := "alldbs"
	for _, r := range n.rules {
		if r == "alldbs" || r == "resetdbs" || strings.HasPrefix(r, "db=") {
			last = r
		}
	}
	list, ok := strings.CutPrefix(last, "db=")
	return last == "alldbs" || ok && slices.Contains(strings.Split(list, ","), fmt.Sprint(db))
}

func (n naive) allows(d *command.Decl, args [][]byte, db int) bool {
	if !n.command(d, args) {
		return false
	}
	keys, _ := d.AppendKeys(args, nil)
	for _, k := range keys {
		if !n.key(args[k.Index], k.Flags) {
			return false
		}
	}
	for i := 1; i <= d.Channels.Count(len(args)); i++ {
		if !n.channel(args[i], d.Channels == command.SubscribesPattern) {
			return false
		}
	}
	switch d.Name {
	case "select":
		return n.database(int(args[1][0] - '0'))
	case "swapdb":
		return n.database(int(args[1][0]-'0')) && n.database(int(args[2][0]-'0'))
	case "copy":
		return n.database(db) && (len(args) < 5 || n.database(int(args[4][0]-'0')))
	case "flushall":
		return n.database(0) && n.database(1) && n.database(2) && n.database(3)
	case "get", "set":
		return d.Parent != nil || n.database(db)
	}
	return true
}

// TestModel compares the compiled check with the naive one, for random users and random calls.
func TestModel(t *testing.T) {
	words := []string{
		"+@all", "-@all", "+get", "-get", "+set", "-set", "+copy", "-copy", "+select", "+select|1", "+debug|object",
		"-debug", "+config", "-config|set", "+config|get", "-config", "+@read", "-@read", "+@write", "-@write", "+@fast",
		"-@fast", "+@slow", "-@slow", "+@admin", "-@admin", "+@dangerous", "-@dangerous", "+@pubsub", "-@keyspace",
		"~a*", "%R~a*", "%W~a*", "%R~b", "%W~b", "%RW~c?", "~[ab]", "&a*", "&b", "&[ab]*", "db=0", "db=1,2", "db=0,1,2,3",
		"alldbs", "resetdbs",
	}
	calls := []string{
		"get a", "get b", "get c1", "set a x", "set b x", "set c2 x", "copy a b", "copy b c1 DB 2", "copy a1 a2 DB 0",
		"select 0", "select 1", "swapdb 0 1", "swapdb 1 2", "flushall", "publish a x", "publish b x", "subscribe a b",
		"psubscribe a*", "psubscribe b", "debug object x", "debug sleep", "auth x", "config get x", "config set x y",
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		us := newUsers()
		var sets []naive
		var text []string
		for i := range 1 + rng.IntN(3) {
			n := naive{}
			for range rng.IntN(8) {
				n.rules = append(n.rules, words[rng.IntN(len(words))])
			}
			sets = append(sets, n)
			if i == 0 {
				text = append(text, n.rules...)
			} else {
				text = append(text, "("+strings.Join(n.rules, " ")+")")
			}
		}
		u, _, err := us.Set("u", text)
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		again := newUsers()
		set(t, again, "u", u.Describe())
		for _, call := range calls {
			args := argv(call)
			e, _ := table.Lookup(args)
			db := rng.IntN(4)
			want := slices.ContainsFunc(sets, func(n naive) bool { return n.allows(&e.Decl, args, db) })
			for _, us := range []*acl.Users{us, again} {
				r := acl.Request{Command: &e.Decl, Argv: args, DB: db, Databases: 4}
				if why, _ := us.Check(us.Find([]byte("u")), r); (why == acl.Allowed) != want {
					t.Fatalf("%q (%s): %q in %d: %v, want allowed: %v", text, u.Describe(), call, db, why, want)
				}
			}
		}
	}
}

// FuzzRules applies any words to a user: what is accepted describes itself as rules that mean the same.
func FuzzRules(f *testing.F) {
	f.Add("on >pw ~a* %R~b &c +get -set +@read db=1,2 (+set ~x)", "get a")
	f.Add("user (+get (", "config get x")
	f.Add("+select|1 +config|get allkeys resetkeys", "select 1")
	f.Fuzz(func(t *testing.T, rules, call string) {
		us := newUsers()
		u, _, err := us.Set("u", strings.Split(rules, " "))
		if err != nil {
			return
		}
		text := us.Text()
		if _, _, err := us.Load("f", text); err != nil || us.Text() != text {
			t.Fatalf("%q loads as %q: %v", text, us.Text(), err)
		}
		args := argv(call)
		e, ok := table.Lookup(args)
		if !ok || e == nil || !e.ArityOK(len(args)) {
			return
		}
		r := acl.Request{Command: &e.Decl, Argv: args, Databases: 16}
		before, _ := us.Check(u, r)
		if after, _ := us.Check(us.Find([]byte("u")), r); before != after {
			t.Fatalf("%q: %v, and %v after it was loaded", text, before, after)
		}
	})
}

// FuzzFile loads any text as an ACL file: either all of it is taken, and means the same when it is saved and read
// again, or nothing.
func FuzzFile(f *testing.F) {
	f.Add("user default on nopass ~* &* +@all\nuser a on >pw ~a* (+set ~x db=1)\n")
	f.Add("user a on\nuser a off")
	f.Add("user a on (+get ~x))")
	f.Add("user a (+get\nhello\n\nuser default resetpass")
	f.Add("user b #9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 %R~\r\n")
	f.Fuzz(func(t *testing.T, text string) {
		us := newUsers()
		set(t, us, "was", "on nopass +get ~a")
		was, before := us.Find([]byte("was")), us.Text()
		replaced, _, err := us.Load("file", text)
		if err != nil {
			if us.Text() != before || us.Find([]byte("was")) != was || !us.Default.Unlimited() {
				t.Fatalf("%q is refused and changes something: %s", text, us.Text())
			}
			return
		}
		if us.Find([]byte(acl.DefaultUser)) != us.Default || replaced[us.Default] != us.Default ||
			replaced[was] != us.Find([]byte("was")) {
			t.Fatalf("%q: users are lost", text)
		}
		saved := us.Text()
		if _, _, err := us.Load("file", saved); err != nil || us.Text() != saved {
			t.Fatalf("%q is saved as %q, which is %v, %q", text, saved, err, us.Text())
		}
	})
}
