package command

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// tips are the hints to proxies and testers that COMMAND INFO may show.
var tips = []string{
	"nondeterministic_output", "nondeterministic_output_order",
	"request_policy:all_nodes", "request_policy:all_shards", "request_policy:multi_shard", "request_policy:special",
	"response_policy:agg_logical_and", "response_policy:agg_min", "response_policy:agg_sum",
	"response_policy:all_succeeded", "response_policy:one_succeeded", "response_policy:special",
}

// Check reports what is wrong with a declaration by itself. It is the first rung of what makes declarations true;
// package commandtest has the next.
func (s *Spec) Check() error {
	var errs []error
	failf := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }

	if !isName(s.Name) {
		failf("name %q is not lower case", s.Name)
	}
	if s.Arity == 0 {
		failf("arity is 0")
	}
	if s.Group.String() == "" {
		failf("no group")
	}
	if !isVersion(s.Since) {
		failf("since %q is not a version", s.Since)
	}
	if err := checkSentence(s.Summary); err != nil {
		failf("summary: %w", err)
	}
	if s.Flags >= flagEnd || s.Flags&MovableKeys != 0 {
		failf("flags %b include unknown or derived ones", s.Flags)
	}
	if s.Flags.Has(Write | Readonly) {
		failf("both write and readonly")
	}
	if s.Categories >= categoryEnd {
		failf("unknown categories %b", s.Categories)
	}
	for _, tip := range s.Tips {
		if !slices.Contains(tips, tip) {
			failf("unknown tip %q", tip)
		}
	}
	for _, c := range s.History {
		if !isVersion(c.Version) || c.Text == "" {
			failf("history: bad entry %q %q", c.Version, c.Text)
		}
	}
	if deprecated := s.DocFlags&DocDeprecated != 0; deprecated != (s.DeprecatedSince != "") {
		failf("the doc flag deprecated and a deprecated-since version go together")
	}
	errs = append(errs, s.checkKeys(), checkArgs(s.Args, len(s.Keys), "argument"))
	return errors.Join(errs...)
}

// checkKeys reports key specs that contradict themselves, the flags or the arguments.
func (s *Spec) checkKeys() error {
	var errs []error
	used := make([]bool, len(s.Keys))
	markKeySpecs(s.Args, used)
	ownFinder := false
	for i := range s.Keys {
		k := &s.Keys[i]
		failf := func(format string, args ...any) {
			errs = append(errs, fmt.Errorf("key spec %d: "+format, append([]any{i}, args...)...))
		}
		access := k.Flags & accessFlags
		switch {
		case k.Flags >= keyFlagEnd:
			failf("unknown flags %b", k.Flags)
		case access&(access-1) != 0 || access == 0 && k.Flags&NotKey == 0:
			failf("not exactly one access")
		case s.Flags.Has(Readonly) && access&(OW|RM) != 0:
			failf("a readonly command replaces or removes the key")
		}
		if (k.Begin == BeginUnknown) != (k.Find == FindUnknown) {
			failf("unknown by half")
		}
		if k.Find != FindUnknown && k.Step < 1 {
			failf("step %d", k.Step)
		}
		if k.Begin == BeginIndex && (k.Index < 1 || k.Index >= max(s.Arity, -s.Arity)) && !k.mayBeMissing(s) {
			failf("index %d is beyond the shortest call", k.Index)
		}
		if !used[i] && k.Flags&NotKey == 0 {
			failf("no argument uses it")
		}
		ownFinder = ownFinder || k.Begin == BeginUnknown || k.Flags&(VariableFlags|Incomplete) != 0
	}
	if ownFinder != (s.FindKeys != nil) {
		errs = append(errs, errors.New("FindKeys goes with key specs that are incomplete or vary, and no others"))
	}
	return errors.Join(errs...)
}

// mayBeMissing reports whether the shortest call has no argument at the spec's index, by design.
func (k *KeySpec) mayBeMissing(s *Spec) bool {
	openEnd := k.Find == FindRange && k.LastKey < 0 && k.Index == max(s.Arity, -s.Arity)
	return k.Index >= 1 && (openEnd || k.Flags&NotKey != 0 || s.Flags.Has(NoMandatoryKeys))
}

func markKeySpecs(args []Arg, used []bool) {
	for i := range args {
		if k := args[i].KeySpec; k >= 0 && k < len(used) {
			used[k] = true
		}
		markKeySpecs(args[i].Args, used)
	}
}

// checkArgs reports nodes of the argument grammar that contradict themselves; path names the parent.
func checkArgs(args []Arg, keySpecs int, path string) error {
	var errs []error
	for i := range args {
		a := &args[i]
		at := path + " " + a.Name
		failf := func(format string, args ...any) {
			errs = append(errs, fmt.Errorf("%s: "+format, append([]any{at}, args...)...))
		}
		if !isName(a.Name) {
			failf("name is not lower case")
		}
		if slices.ContainsFunc(args[:i], func(b Arg) bool { return b.Name == a.Name }) {
			failf("name stands twice among its siblings")
		}
		if a.Type.String() == "" {
			failf("no type")
		}
		if a.Token != strings.ToUpper(a.Token) {
			failf("token %q is not upper case", a.Token)
		}
		if parent := a.Type == ArgOneOf || a.Type == ArgBlock; parent && len(a.Args) < 2 || !parent && len(a.Args) > 0 {
			failf("%d parts", len(a.Args))
		}
		if a.KeySpec < NoKeySpec || a.KeySpec >= keySpecs || a.Type == ArgKey && a.KeySpec == NoKeySpec {
			failf("key spec %d does not exist", a.KeySpec)
		}
		if a.MultipleToken && (!a.Multiple || a.Token == "") {
			failf("repeats a token that it has not")
		}
		for _, v := range []string{a.Since, a.DeprecatedSince} {
			if v != "" && !isVersion(v) {
				failf("%q is not a version", v)
			}
		}
		errs = append(errs, checkArgs(a.Args, keySpecs, at))
	}
	return errors.Join(errs...)
}

// checkSentence accepts one sentence: a capital first, a full stop at the very end only.
func checkSentence(s string) error {
	switch {
	case s == "":
		return errors.New("is empty")
	case s[0] < 'A' || 'Z' < s[0]:
		return fmt.Errorf("%q does not begin with a capital", s)
	case !strings.HasSuffix(s, ".") || strings.Contains(s, ". ") || strings.ContainsAny(s, "\r\n"):
		return fmt.Errorf("%q is not one sentence", s)
	}
	return nil
}

// isName accepts names of commands and arguments: lower-case letters, digits and punctuation, no white space.
func isName(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return r <= ' ' || r > '~' || r == '|' || 'A' <= r && r <= 'Z'
	})
}

// isVersion accepts three numbers with dots between them.
func isVersion(s string) bool {
	parts := strings.Split(s, ".")
	return len(parts) == 3 && !slices.ContainsFunc(parts, func(p string) bool {
		_, ok := parseKeyNum([]byte(p))
		return !ok
	})
}
