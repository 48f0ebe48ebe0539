package command

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// findLast stands for a finder: the last argument, if there is one beyond the name.
func findLast(argv [][]byte, dst []KeyRef) ([]KeyRef, error) {
	if len(argv) < 2 {
		return dst, ErrKeys
	}
	return append(dst, KeyRef{Index: len(argv) - 1, Flags: OW}), nil
}

func TestAppendKeys(t *testing.T) {
	for _, tt := range []struct {
		name string
		spec Spec
		call string
		want string // indices, "error" for ErrKeys
	}{
		{"one", Spec{Keys: []KeySpec{KeyAt(1, RO, Access)}}, "get k", "1:RO|access"},
		{"one missing", Spec{Keys: []KeySpec{KeyAt(1, RO, Access)}}, "get", "error"},
		{"two specs", Spec{Keys: []KeySpec{KeyAt(1, RW, Delete), KeyAt(2, OW, Update)}},
			"rename a b", "1:RW|delete 2:OW|update"},
		{"to the end", Spec{Keys: []KeySpec{KeyRange(1, -1, 1, RM, Delete)}},
			"del a b c", "1:RM|delete 2:RM|delete 3:RM|delete"},
		{"to the end but one", Spec{Keys: []KeySpec{KeyRange(1, -2, 1, RO, 0)}}, "blpop a b 0", "1:RO 2:RO"},
		{"steps", Spec{Keys: []KeySpec{KeyRange(1, -1, 2, OW, 0)}}, "mset a 1 b 2", "1:OW 3:OW"},
		{"empty range", Spec{Keys: []KeySpec{KeyRange(1, -2, 1, RO, 0)}}, "blpop 0", "error"},
		{"counted", Spec{Keys: []KeySpec{KeyNum(2, RW, 0)}}, "eval s 2 a b c", "3:RW 4:RW"},
		{"counted in steps", Spec{Keys: []KeySpec{KeyNum(1, OW, 0).Every(2)}}, "msetex 2 a 1 b 2", "2:OW 4:OW"},
		{"counted zero", Spec{Keys: []KeySpec{KeyNum(2, RW, 0)}}, "eval s 0 a", "error"},
		{"counted zero, keys not mandatory", Spec{Flags: NoMandatoryKeys, Keys: []KeySpec{KeyNum(2, RW, 0)}},
			"eval s 0 a", ""},
		{"counted beyond", Spec{Keys: []KeySpec{KeyNum(2, RW, 0)}}, "eval s 3 a b", "error"},
		{"counted wildly", Spec{Keys: []KeySpec{KeyNum(2, RW, 0).Every(2)}},
			"eval s 99999999999999999999 a b", "error"},
		{"count of 2^31", Spec{Keys: []KeySpec{KeyNum(2, RW, 0)}}, "eval s 2147483648 a b", "error"},
		{"count with a sign", Spec{Keys: []KeySpec{KeyNum(2, RW, 0)}}, "eval s +1 a b", "error"},
		{"count missing", Spec{Keys: []KeySpec{KeyNum(2, RW, 0)}}, "eval s", "error"},
		{"keyword", Spec{Keys: []KeySpec{KeyAfter("STORE", 2, OW, 0)}}, "x a b store k", "4:OW"},
		{"keyword absent", Spec{Keys: []KeySpec{KeyAfter("STORE", 2, OW, 0)}}, "x a b k", ""},
		{"keyword last", Spec{Keys: []KeySpec{KeyAfter("STORE", 2, OW, 0)}}, "x a b store", ""},
		{"half", Spec{Keys: []KeySpec{KeyRangeAfter("STREAMS", 1, -1, 1, RO, 0).Half()}},
			"x COUNT 1 streams a b 0 0", "4:RO 5:RO"},
		{"backwards", Spec{Keys: []KeySpec{KeyRangeAfter("KEYS", -2, -1, 1, RW, 0)}}, "x KEYS KEYS a b", "3:RW 4:RW"},
		{"backwards, absent", Spec{Keys: []KeySpec{KeyRangeAfter("KEYS", -2, -1, 1, RW, 0)}}, "x", ""},
		{"fake key", Spec{Keys: []KeySpec{KeyAt(1, 0, NotKey)}}, "spublish c m", ""},
		{"incomplete", Spec{Keys: []KeySpec{KeyAt(1, RO, Incomplete)}}, "x k", "error"},
		{"unknown", Spec{Keys: []KeySpec{KeyUnknown(RO, 0)}}, "x k", "error"},
		{"finder", Spec{Keys: []KeySpec{KeyAt(1, RW, VariableFlags)}, FindKeys: findLast}, "x a b", "2:OW"},
		{"finder fails", Spec{FindKeys: findLast}, "x", "error"},
		{"error after a key", Spec{Keys: []KeySpec{KeyAt(1, RW, 0), KeyNum(2, RO, 0)}}, "x a b", "error"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := Decl{Spec: tt.spec}
			d.complete(false)
			before := []KeyRef{{Index: 77}}
			refs, err := d.AppendKeys(argv(tt.call), before)
			got := "error"
			if err == nil {
				got = describe(refs[1:])
			} else if !errors.Is(err, ErrKeys) || len(refs) != 1 {
				t.Errorf("error %v with %d keys", err, len(refs))
			}
			if got != tt.want || refs[0].Index != 77 {
				t.Errorf("%s: got %q, want %q", tt.call, got, tt.want)
			}
		})
	}
}

func describe(refs []KeyRef) string {
	var out []string
	for _, r := range refs {
		var flags []string
		for bit, name := range keyFlagNames {
			if r.Flags>>bit&1 != 0 {
				flags = append(flags, name)
			}
		}
		out = append(out, fmt.Sprintf("%d:%s", r.Index, strings.Join(flags, "|")))
	}
	return strings.Join(out, " ")
}

func TestAppendKeysDoesNotAllocate(t *testing.T) {
	d := Decl{Spec: Spec{Keys: []KeySpec{KeyRange(1, -1, 2, OW, Update)}}}
	d.complete(false)
	call, refs := argv("mset a 1 b 2 c 3"), make([]KeyRef, 0, 8)
	if n := testing.AllocsPerRun(100, func() { refs, _ = d.AppendKeys(call, refs[:0]) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestHasKeys(t *testing.T) {
	for name, tt := range map[string]struct {
		spec Spec
		want bool
	}{
		"none":   {Spec{}, false},
		"fake":   {Spec{Keys: []KeySpec{KeyAt(1, 0, NotKey)}}, false},
		"one":    {Spec{Keys: []KeySpec{KeyAt(1, 0, NotKey), KeyAt(2, RO, 0)}}, true},
		"finder": {Spec{FindKeys: findLast}, true},
	} {
		if d := (Decl{Spec: tt.spec}); d.HasKeys() != tt.want {
			t.Errorf("%s: %v", name, d.HasKeys())
		}
	}
}

// FuzzAppendKeys feeds calls of any shape to key specs of any shape: no panic, and only indices inside the call.
func FuzzAppendKeys(f *testing.F) {
	f.Add("mset a 1 b 2", uint8(0), 1, -1, 2, 0)
	f.Add("eval s 2 a b", uint8(1), 2, 0, 1, 1)
	f.Add("x COUNT 1 streams a b 0 0", uint8(2), 1, -1, 1, 0)
	f.Add("x KEYS a", uint8(2), -2, -1, 1, 0)
	f.Fuzz(func(t *testing.T, line string, kind uint8, at, last, step, num int) {
		at, last, step, num = at%100, last%100, 1+abs(step%10), abs(num%10)
		var k KeySpec
		switch kind % 4 {
		case 0:
			k = KeyRange(1+abs(at), last, step, RO, 0)
		case 1:
			k = KeyNum(1+abs(at), RO, 0).Every(step)
			k.NumIndex = num
		case 2:
			k = KeyRangeAfter("STREAMS", at, last, step, RO, 0)
			k.MaxFraction = num
		case 3:
			k = KeyUnknown(RO, 0)
		}
		if k.MaxFraction > 0 {
			k.LastKey = -1
		}
		call := argv(line)
		d := Decl{Spec: Spec{Keys: []KeySpec{k}}}
		d.complete(false)
		refs, err := d.AppendKeys(call, nil)
		if err != nil && len(refs) > 0 {
			t.Errorf("%d keys with error %v", len(refs), err)
		}
		for _, r := range refs {
			if r.Index < 1 || r.Index >= len(call) {
				t.Errorf("key at %d of %d", r.Index, len(call))
			}
		}
	})
}

func abs(n int) int { return max(n, -n) }
