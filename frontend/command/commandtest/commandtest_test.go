package commandtest

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"valkey/frontend/command"
)

// These have the forms that grammars come in.
var (
	set = declare("set", -3,
		command.KeyArg("key", 0), command.Str("value"),
		command.OneOf("condition", command.Token("nx", "NX"), command.Str("comparison").Tok("IFEQ")).Opt(),
		command.Token("get", "GET").Opt(),
		command.OneOf("expiration", command.Int("seconds").Tok("EX"), command.UnixTime("at").Tok("EXAT")).Opt())
	mset   = declare("mset", -3, command.Block("data", command.KeyArg("key", 0), command.Str("value")).Many())
	zunion = declare("zunion", -3,
		command.Int("numkeys"), command.KeyArg("key", 0).Many(),
		command.Int("weight").Tok("WEIGHTS").Many().Opt(), command.Token("withscores", "WITHSCORES").Opt())
	eval = declare("eval", -3, command.Str("script"), command.Int("numkeys"), command.KeyArg("key", 0).Many().Opt(),
		command.Str("arg").Many().Opt())
	sort = declare("sort", -2,
		command.KeyArg("key", 0), command.Pattern("by").Tok("BY").Opt(),
		command.Block("limit", command.Int("offset"), command.Dbl("count")).Tok("LIMIT").Opt(),
		command.Pattern("get").Tok("GET").ManyTok().Opt(), command.Token("sorting", "ALPHA").Opt())
	hello = declare("hello", -1, command.Block("arguments", command.Int("protover"),
		command.Block("auth", command.Str("username"), command.Str("password")).Tok("AUTH").Opt(),
		command.Str("clientname").Tok("SETNAME").Opt()).Opt())
	ping = declare("ping", -1, command.Str("message").Opt())
	time = declare("time", 1)
	kill = declare("client|kill", -3, command.OneOf("filter", command.Str("old"),
		command.OneOf("new", command.Int("id").Tok("ID").Many().Opt(), command.Str("user").Tok("USER").Opt()).Many()))
	geo = declare("geosearch", -4, command.OneOf("by", command.Block("circle",
		command.Dbl("radius").Tok("BYRADIUS"), command.OneOf("unit", command.Token("m", "M"), command.Token("km", "KM"))),
		command.Block("polygon", command.Int("num-vertices").Tok("BYPOLYGON"), command.Dbl("vertex").Many())))
	all = []*command.Decl{geo, set, mset, zunion, eval, sort, hello, ping, time, kill}
)

func declare(name string, arity int, args ...command.Arg) *command.Decl {
	return &command.Decl{FullName: name, Spec: command.Spec{Arity: arity, Args: args}}
}

func argv(line string) (out [][]byte) { return bytes.Fields([]byte(line)) }

func TestCheckArity(t *testing.T) {
	for _, d := range all {
		if err := CheckArity(d); err != nil {
			t.Error(err)
		}
	}
	if err := CheckArity(declare("set", -2, set.Args...)); err == nil {
		t.Error("a wrong arity passed")
	}
	config := declare("config", -2)
	config.Subs = []*command.Decl{time}
	if err := CheckArity(config); err != nil {
		t.Error(err)
	}
	if config.Arity = -3; CheckArity(config) == nil {
		t.Error("a wrong container passed")
	}
}

func TestAccepts(t *testing.T) {
	for _, tt := range []struct {
		d    *command.Decl
		call string
		want bool
	}{
		{set, "set k v", true},
		{set, "SET k v nx get ex 5", true},
		{set, "set k v EX 5 GET NX", true},
		{set, "set k v IFEQ x EXAT 77", true},
		{set, "set k v EX five", false},
		{set, "set k v EX", false},
		{set, "set k v NX IFEQ x", false},
		{set, "set k v PX 5", false},
		{set, "set k", false},
		{set, "get k v", false},
		{mset, "mset a 1 b 2", true},
		{mset, "mset a 1 b", false},
		{zunion, "zunion 2 a b", true},
		{zunion, "zunion 2 a b WEIGHTS 1 2 WITHSCORES", true},
		{zunion, "zunion 2 a", false},
		{zunion, "zunion 0 a", false},
		{zunion, "zunion 2 a b c", false},
		{zunion, "zunion x a b c", false},
		{eval, "eval s 0", true},
		{eval, "eval s 0 arg", true},
		{eval, "eval s 2 a", false},
		{sort, "sort k ALPHA GET x GET y LIMIT 0 1.5 BY z", true},
		{sort, "sort k GET x y", false},
		{sort, "sort k LIMIT 0", false},
		{hello, "hello", true},
		{hello, "hello 3 SETNAME x AUTH a b", true},
		{hello, "hello AUTH a b", false},
		{ping, "ping x", true},
		{ping, "ping x y", false},
		{time, "time", true},
		{time, "time x", false},
		{time, "", false},
		{geo, "geosearch BYRADIUS 5 km", true},
		{geo, "geosearch BYPOLYGON 2 5.5 6", true},
		{geo, "geosearch BYPOLYGON 2 5.5", false},
		{geo, "geosearch 2 5.5 6", false},
		{kill, "client kill 127.0.0.1:6379", true},
		{kill, "client kill ID 1 2 USER x ID 3", true},
		{kill, "client kill ID x USER", false},
	} {
		if got := Accepts(tt.d, argv(tt.call)); got != tt.want {
			t.Errorf("%s: %v", tt.call, got)
		}
	}
}

func TestValidIsAccepted(t *testing.T) {
	g := NewGenerator(1)
	for _, d := range all {
		for range 300 {
			if call := g.Valid(d); !Accepts(d, call) {
				t.Errorf("%q is not inside the grammar that made it", call)
			}
		}
	}
}

func TestInvalid(t *testing.T) {
	g := NewGenerator(1)
	for _, d := range all {
		found := 0
		for range 100 {
			call, ok := g.Invalid(d)
			if !ok {
				continue
			}
			found++
			if Accepts(d, call) || !d.ArityOK(len(call)) {
				t.Errorf("%q is inside the grammar, or too short or long", call)
			}
		}
		// The rest of eval's words are its arguments, whatever they are; one more word is too many for time.
		if none := d == eval || d == time; (found == 0) != none {
			t.Errorf("%s: %d calls outside the grammar", d.FullName, found)
		}
	}
}

func TestSeedRepeats(t *testing.T) {
	make100 := func() (calls []string) {
		g := NewGenerator(42)
		for range 100 {
			calls = append(calls, fmt.Sprintf("%q", g.Valid(set)))
		}
		return calls
	}
	if !slices.Equal(make100(), make100()) {
		t.Error("the same seed made other calls")
	}
}

func TestCheckGrammar(t *testing.T) {
	g := NewGenerator(7)
	honest := func(argv [][]byte) Outcome {
		if Accepts(set, argv) {
			return Done
		}
		return Refused
	}
	for _, tt := range []struct {
		name string
		run  func([][]byte) Outcome
		ok   bool
	}{
		{"is honest", honest, true},
		{"fails all", func([][]byte) Outcome { return Failed }, true},
		{"does all", func([][]byte) Outcome { return Done }, false},
		{"refuses all", func([][]byte) Outcome { return Refused }, false},
		{"forgets an option", func(argv [][]byte) Outcome {
			if slices.ContainsFunc(argv, func(a []byte) bool { return command.IsToken(a, "EXAT") }) {
				return Refused
			}
			return honest(argv)
		}, false},
	} {
		if err := CheckGrammar(g, set, 100, tt.run); (err == nil) != tt.ok {
			t.Errorf("a handler that %s: %v", tt.name, err)
		}
	}
}

// FuzzGrammar: whatever the seed makes up of a grammar is inside it, and no call makes the matcher panic.
func FuzzGrammar(f *testing.F) {
	f.Add(uint64(1), "set k v nx")
	f.Fuzz(func(t *testing.T, seed uint64, line string) {
		g := NewGenerator(seed)
		for _, d := range all {
			if call := g.Valid(d); !Accepts(d, call) {
				t.Errorf("%q is not inside the grammar that made it", call)
			}
			if words := argv(line); len(words) < 12 {
				Accepts(d, words)
			}
		}
	})
}
