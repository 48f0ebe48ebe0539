package command

import (
	"strings"
	"testing"
)

func TestDeriveCategories(t *testing.T) {
	for _, tt := range []struct {
		name      string
		spec      Spec
		container bool
		want      string
	}{
		{"from the group", Spec{Group: GroupString, Flags: Readonly | Fast}, false, "read string fast"},
		{"write", Spec{Group: GroupSortedSet, Flags: Write}, false, "write sortedset slow"},
		{"blocking", Spec{Group: GroupList, Flags: Write | Blocking}, false, "write list slow blocking"},
		{"admin", Spec{Group: GroupServer, Flags: Admin}, false, "admin slow dangerous"},
		{"pubsub", Spec{Group: GroupPubsub, Flags: Pubsub | Fast}, false, "pubsub fast"},
		{"an extra adds", Spec{Group: GroupGeneric, Flags: Readonly, Categories: CategoryDangerous}, false,
			"keyspace read slow dangerous"},
		{"an extra topic replaces", Spec{Group: GroupGeneric, Flags: Fast, Categories: CategoryConnection}, false,
			"fast connection"},
		{"a container has no topic", Spec{Group: GroupConnection}, true, "slow"},
		{"a read-only script is no read", Spec{Group: GroupScripting, Flags: Readonly}, false, "slow scripting"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			c := deriveCategories(&tt.spec, tt.container)
			for bit := range categoryNames {
				if one := Category(1 << bit); c&one != 0 {
					got = append(got, one.String())
				}
			}
			if s := strings.Join(got, " "); s != tt.want {
				t.Errorf("got %s, want %s", s, tt.want)
			}
		})
	}
}

func TestCategoryByName(t *testing.T) {
	for i, name := range CategoryNames() {
		if c := CategoryByName([]byte(strings.ToUpper(name))); c != 1<<i || c.String() != name {
			t.Errorf("%s is %b, named %q", name, c, c)
		}
	}
	for _, name := range []string{"", "@read", "all", "reads"} {
		if c := CategoryByName([]byte(name)); c != 0 {
			t.Errorf("%q is %b", name, c)
		}
	}
	if s := (CategoryRead | CategoryWrite).String(); s != "" {
		t.Errorf("two categories are named %q", s)
	}
}

func TestNamesAreComplete(t *testing.T) {
	if categoryEnd != 1<<len(categoryNames) || keyFlagEnd != 1<<len(keyFlagNames) {
		t.Error("a category or key flag has no name")
	}
	if MayReplicate != 1<<len(flagNames) {
		t.Error("the flags with names are not those before MayReplicate")
	}
	for g := Group(1); g < groupCount; g++ {
		if g.String() == "" {
			t.Errorf("group %d has no name", g)
		}
	}
	for a := ArgType(1); a < argTypeCount; a++ {
		if a.String() == "" {
			t.Errorf("argument type %d has no name", a)
		}
	}
}

func TestDeriveLegacy(t *testing.T) {
	for _, tt := range []struct {
		name              string
		keys              []KeySpec
		first, last, step int
		movable           bool
		firstKey          int
	}{
		{"no keys", nil, 0, 0, 0, false, 0},
		{"one key", []KeySpec{KeyAt(1, RO, 0)}, 1, 1, 1, false, 1},
		{"one key with flags of its own", []KeySpec{KeyAt(1, RW, VariableFlags)}, 1, 1, 1, false, 1},
		{"a fake key", []KeySpec{KeyAt(1, 0, NotKey)}, 1, 1, 1, false, 0},
		{"two in one spec", []KeySpec{KeyRange(1, 1, 1, RO, 0)}, 1, 2, 1, false, 0},
		{"all in steps", []KeySpec{KeyRange(1, -1, 2, OW, 0)}, 1, -1, 2, false, 0},
		{"all but the last", []KeySpec{KeyRange(1, -2, 1, RW, 0)}, 1, -2, 1, false, 0},
		{"two specs in a row", []KeySpec{KeyAt(1, RW, 0), KeyAt(2, OW, 0)}, 1, 2, 1, false, 0},
		{"one, then the rest", []KeySpec{KeyAt(1, OW, 0), KeyRange(2, -1, 1, RO, 0)}, 1, -1, 1, false, 0},
		{"a gap", []KeySpec{KeyAt(1, RW, 0), KeyAt(3, OW, 0)}, 1, 1, 1, true, 0},
		{"one, then counted", []KeySpec{KeyAt(1, OW, 0), KeyNum(2, RO, 0)}, 1, 1, 1, true, 0},
		{"counted", []KeySpec{KeyNum(1, RO, 0)}, 0, 0, 0, true, 0},
		{"after a keyword", []KeySpec{KeyAfter("STREAMS", 1, RO, 0)}, 0, 0, 0, true, 0},
		{"incomplete", []KeySpec{KeyAt(1, RO, Incomplete)}, 1, 1, 1, true, 0},
		{"steps in two specs", []KeySpec{KeyRange(1, 2, 2, RO, 0), KeyAt(5, RO, 0)}, 5, 5, 1, true, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := Decl{Spec: Spec{Keys: tt.keys}}
			d.complete(false)
			if l := d.Legacy; l.First != tt.first || l.Last != tt.last || l.Step != tt.step {
				t.Errorf("legacy %v, want %d %d %d", l, tt.first, tt.last, tt.step)
			}
			if d.Flags.Has(MovableKeys) != tt.movable {
				t.Errorf("movablekeys %v", !tt.movable)
			}
			if d.FirstKey != tt.firstKey {
				t.Errorf("FirstKey %d, want %d", d.FirstKey, tt.firstKey)
			}
		})
	}
}

func TestArityOK(t *testing.T) {
	for _, tt := range []struct {
		arity, n int
		want     bool
	}{{2, 2, true}, {2, 1, false}, {2, 3, false}, {-2, 1, false}, {-2, 2, true}, {-2, 9, true}} {
		if d := (Decl{Spec: Spec{Arity: tt.arity}}); d.ArityOK(tt.n) != tt.want {
			t.Errorf("arity %d, %d words: %v", tt.arity, tt.n, !tt.want)
		}
	}
}
