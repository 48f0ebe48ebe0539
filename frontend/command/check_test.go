package command

import (
	"strings"
	"testing"
)

func TestCheck(t *testing.T) {
	good := func() Spec {
		return Spec{
			Name: "set", Arity: -3, Flags: Write, Group: GroupString, Since: "1.0.0", Summary: "Stores a string.",
			Keys: []KeySpec{KeyAt(1, OW, Update)}, Args: []Arg{KeyArg("key", 0), Str("value")},
			Tips: []string{"request_policy:special"}, History: []Change{{"2.6.12", "Takes options."}},
		}
	}
	s := good()
	if err := s.Check(); err != nil {
		t.Fatalf("a good declaration: %v", err)
	}
	for _, tt := range []struct {
		want  string // part of the error
		spoil func(s *Spec)
	}{
		{`name "Set" is not lower case`, func(s *Spec) { s.Name = "Set" }},
		{`name "" is not lower case`, func(s *Spec) { s.Name = "" }},
		{"arity is 0", func(s *Spec) { s.Arity = 0 }},
		{"no group", func(s *Spec) { s.Group = 0 }},
		{`since "7.0" is not a version`, func(s *Spec) { s.Since = "7.0" }},
		{`since "7.0.x" is not a version`, func(s *Spec) { s.Since = "7.0.x" }},
		{"is empty", func(s *Spec) { s.Summary = "" }},
		{"does not begin with a capital", func(s *Spec) { s.Summary = "stores." }},
		{"is not one sentence", func(s *Spec) { s.Summary = "Stores" }},
		{"is not one sentence", func(s *Spec) { s.Summary = "Stores. Really." }},
		{"unknown or derived", func(s *Spec) { s.Flags |= MovableKeys }},
		{"both write and readonly", func(s *Spec) { s.Flags |= Readonly }},
		{"unknown categories", func(s *Spec) { s.Categories = categoryEnd }},
		{"unknown tip", func(s *Spec) { s.Tips = []string{"be_nice"} }},
		{"history: bad entry", func(s *Spec) { s.History = []Change{{"1", "x"}} }},
		{"go together", func(s *Spec) { s.DocFlags = DocDeprecated }},
		{"go together", func(s *Spec) { s.DeprecatedSince = "4.0.0" }},
		{"not exactly one access", func(s *Spec) { s.Keys[0].Flags = Update }},
		{"not exactly one access", func(s *Spec) { s.Keys[0].Flags = RO | RW }},
		{"unknown flags", func(s *Spec) { s.Keys[0].Flags |= keyFlagEnd }},
		{"a readonly command replaces", func(s *Spec) { s.Flags = Readonly }},
		{"unknown by half", func(s *Spec) { s.Keys[0].Find = FindUnknown }},
		{"step 0", func(s *Spec) { s.Keys[0].Step = 0 }},
		{"index 3 is beyond", func(s *Spec) { s.Keys[0].Index = 3 }},
		{"index 0 is beyond", func(s *Spec) { s.Keys[0].Index = 0 }},
		{"no argument uses it", func(s *Spec) { s.Keys = append(s.Keys, KeyAt(2, RO, 0)) }},
		{"FindKeys goes with", func(s *Spec) { s.Keys[0].Flags |= VariableFlags }},
		{"FindKeys goes with", func(s *Spec) { s.FindKeys = findLast }},
		{"argument Key: name is not lower case", func(s *Spec) { s.Args[0].Name = "Key" }},
		{"argument key: name stands twice", func(s *Spec) { s.Args[1].Name = "key" }},
		{"argument value: no type", func(s *Spec) { s.Args[1].Type = 0 }},
		{"is not upper case", func(s *Spec) { s.Args[1].Token = "nx" }},
		{"argument value: 1 parts", func(s *Spec) { s.Args[1] = OneOf("value", Str("x")) }},
		{"argument value: 1 parts", func(s *Spec) { s.Args[1].Args = []Arg{Str("x")} }},
		{"argument value x: no type", func(s *Spec) { s.Args[1] = Block("value", Str("y"), Arg{Name: "x", KeySpec: -1}) }},
		{"key spec 1 does not exist", func(s *Spec) { s.Args[0].KeySpec = 1 }},
		{"key spec -1 does not exist", func(s *Spec) { s.Args[0].KeySpec = NoKeySpec }},
		{"repeats a token", func(s *Spec) { s.Args[1] = Str("value").ManyTok() }},
		{`"6.2" is not a version`, func(s *Spec) { s.Args[1] = Str("value").From("6.2") }},
	} {
		s := good()
		tt.spoil(&s)
		if err := s.Check(); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("want an error with %q, got %v", tt.want, err)
		}
	}
}
