package command

import (
	"errors"
	"strings"
	"testing"

	"valkey/frontend/resp"
)

// replyTable has one command with everything and one container.
func replyTable() *Table[handler] {
	full := cmd("xget", -2)
	full.Spec = Spec{
		Name: "xget", Arity: -2, Flags: Readonly | Fast | MayReplicate, Group: GroupSortedSet, Since: "1.0.0",
		Summary: "Gets.", Complexity: "O(1)", Tips: []string{"response_policy:special"},
		Keys: []KeySpec{
			KeyAt(1, RO, Access),
			KeyRangeAfter("STREAMS", 1, -1, 1, RO, Access).Half().Note("A note."),
			KeyNum(1, RO, 0),
			KeyUnknown(RO, 0),
		},
		FindKeys: func(_ [][]byte, dst []KeyRef) ([]KeyRef, error) { return append(dst, KeyRef{1, RO | Access}), nil },
		Args: []Arg{
			KeyArg("key", 0),
			OneOf("mode", Token("nx", "NX").From("2.6.12"), Int("count").Tok("COUNT").Until("3.0.0").Says("How many.")).Opt(),
			Pattern("by").Spec(1).Tok("BY").ManyTok().Opt().Shown("pattern"),
			Block("pair", KeyArg("k", 2), KeyArg("l", 3)).Many(),
			Token("nothing", "").Opt(),
		},
		History:  []Change{{"2.0.0", "Changed."}},
		DocFlags: DocDeprecated | DocSyscmd, DeprecatedSince: "4.0.0", ReplacedBy: "`GET`",
	}
	return NewTable([]Command[handler]{full, cmd("config", -2, cmd("set", 4), cmd("get", 2)), cmd("time", 1)})
}

// flat shows a reply with blanks instead of line ends.
func flat(w *resp.Writer) string {
	return strings.TrimSpace(strings.ReplaceAll(string(w.Buf), "\r\n", " "))
}

func names(list ...string) (out [][]byte) {
	for _, n := range list {
		out = append(out, []byte(n))
	}
	return out
}

func TestWriteInfos(t *testing.T) {
	table := replyTable()
	const config = "*10 $6 config :-2 ~0 :0 :0 :0 ~1 +@slow ~0 ~0 *2 " +
		"*10 $10 config|get :2 ~0 :0 :0 :0 ~1 +@slow ~0 ~0 *0 *10 $10 config|set :4 ~0 :0 :0 :0 ~1 +@slow ~0 ~0 *0"
	const time = "*10 $4 time :1 ~0 :0 :0 :0 ~1 +@slow ~0 ~0 *0"
	const xget = "*10 $4 xget :-2 ~3 +readonly +fast +movablekeys :1 :1 :1 ~3 +@read +@sortedset +@fast " +
		"~1 $23 response_policy:special ~4 " +
		"%3 $5 flags ~2 +RO +access $12 begin_search %2 $4 type $5 index $4 spec %1 $5 index :1 " +
		"$9 find_keys %2 $4 type $5 range $4 spec %3 $7 lastkey :0 $7 keystep :1 $5 limit :0 " +
		"%4 $5 notes $7 A note. $5 flags ~2 +RO +access " +
		"$12 begin_search %2 $4 type $7 keyword $4 spec %2 $7 keyword $7 STREAMS $9 startfrom :1 " +
		"$9 find_keys %2 $4 type $5 range $4 spec %3 $7 lastkey :-1 $7 keystep :1 $5 limit :2 " +
		"%3 $5 flags ~1 +RO $12 begin_search %2 $4 type $5 index $4 spec %1 $5 index :1 " +
		"$9 find_keys %2 $4 type $6 keynum $4 spec %3 $9 keynumidx :0 $8 firstkey :1 $7 keystep :1 " +
		"%3 $5 flags ~1 +RO $12 begin_search %2 $4 type $7 unknown $4 spec %0 " +
		"$9 find_keys %2 $4 type $7 unknown $4 spec %0 *0"
	for _, tt := range []struct {
		names [][]byte
		want  string
	}{
		{names("TIME"), "*1 " + time},
		{names("nope", "config|SET", "time|x"), "*3 _ *10 $10 config|set :4 ~0 :0 :0 :0 ~1 +@slow ~0 ~0 *0 _"},
		{nil, "*3 " + config + " " + time + " " + xget},
	} {
		w := &resp.Writer{Proto: 3}
		table.WriteInfos(w, tt.names)
		if got := flat(w); got != tt.want {
			t.Errorf("%s:\n got %s\nwant %s", tt.names, got, tt.want)
		}
	}

	w := &resp.Writer{Proto: 2}
	table.WriteInfos(w, names("time", "nope"))
	if got, want := flat(w), "*2 *10 $4 time :1 *0 :0 :0 :0 *1 +@slow *0 *0 *0 $-1"; got != want {
		t.Errorf("RESP2:\n got %s\nwant %s", got, want)
	}
}

func TestWriteDocs(t *testing.T) {
	table := replyTable()
	const plain = "%3 $7 summary $15 Does something. $5 since $5 1.0.0 $5 group $6 server"
	const xget = "$4 xget %9 $7 summary $5 Gets. $5 since $5 1.0.0 $5 group $10 sorted-set $10 complexity $4 O(1) " +
		"$9 doc_flags ~2 +deprecated +syscmd $16 deprecated_since $5 4.0.0 $11 replaced_by $5 `GET` " +
		"$7 history ~1 *2 $5 2.0.0 $8 Changed. $9 arguments *5 " +
		"%4 $4 name $3 key $4 type $3 key $12 display_text $3 key $14 key_spec_index :0 " +
		"%4 $4 name $4 mode $4 type $5 oneof $5 flags ~1 +optional $9 arguments *2 " +
		"%5 $4 name $2 nx $4 type $10 pure-token $12 display_text $2 nx $5 token $2 NX $5 since $6 2.6.12 " +
		"%6 $4 name $5 count $4 type $7 integer $12 display_text $5 count $5 token $5 COUNT $7 summary $9 How many. " +
		"$16 deprecated_since $5 3.0.0 " +
		"%6 $4 name $2 by $4 type $7 pattern $12 display_text $7 pattern $14 key_spec_index :1 $5 token $2 BY " +
		"$5 flags ~3 +optional +multiple +multiple_token " +
		"%4 $4 name $4 pair $4 type $5 block $5 flags ~1 +multiple $9 arguments *2 " +
		"%4 $4 name $1 k $4 type $3 key $12 display_text $1 k $14 key_spec_index :2 " +
		"%4 $4 name $1 l $4 type $3 key $12 display_text $1 l $14 key_spec_index :3 " +
		"%5 $4 name $7 nothing $4 type $10 pure-token $12 display_text $7 nothing $5 token $0  $5 flags ~1 +optional"
	config := "$6 config %4 " + plain[3:] + " $11 subcommands %2 $10 config|get " + plain + " $10 config|set " + plain
	for _, tt := range []struct {
		names [][]byte
		want  string
	}{
		{names("nope", "Time", "CONFIG|get"), "%2 $4 time " + plain + " $10 config|get " + plain},
		{names("nope"), "%0"},
		{names("xget"), "%1 " + xget},
		{nil, "%3 " + config + " $4 time " + plain + " " + xget},
	} {
		w := &resp.Writer{Proto: 3}
		table.WriteDocs(w, tt.names)
		if got := flat(w); got != tt.want {
			t.Errorf("%s:\n got %s\nwant %s", tt.names, got, tt.want)
		}
	}
}

func TestWriteList(t *testing.T) {
	table := replyTable()
	for _, tt := range []struct {
		keep func(d *Decl) bool
		want string
	}{
		{nil, "*5 $6 config $10 config|get $10 config|set $4 time $4 xget"},
		{func(d *Decl) bool { return d.Categories&CategoryRead != 0 }, "*1 $4 xget"},
		{func(d *Decl) bool { return d.Parent != nil }, "*2 $10 config|get $10 config|set"},
		{func(*Decl) bool { return false }, "*0"},
	} {
		w := &resp.Writer{Proto: 2}
		table.WriteList(w, tt.keep)
		if got := flat(w); got != tt.want {
			t.Errorf("got %s, want %s", got, tt.want)
		}
	}
}

func TestWriteKeys(t *testing.T) {
	get := cmd("mget", -2)
	get.Keys, get.Args = []KeySpec{KeyRange(1, -1, 1, RO, Access)}, []Arg{KeyArg("key", 0).Many()}
	eval := cmd("eval", -3)
	eval.Keys, eval.Args = []KeySpec{KeyNum(2, RW, 0)}, []Arg{Int("numkeys"), KeyArg("key", 0).Many()}
	eval.Flags = NoMandatoryKeys
	read := cmd("xread", -2)
	read.Keys, read.Args = []KeySpec{KeyAfter("STREAMS", 1, RO, 0)}, []Arg{KeyArg("key", 0)}
	table := NewTable([]Command[handler]{get, eval, read, cmd("time", 1), cmd("config", -2, cmd("get", 2))})
	for _, tt := range []struct {
		call  string
		flags bool
		want  string
		err   error
	}{
		{"MGET a b", false, "*2 $1 a $1 b", nil},
		{"MGET a b", true, "*2 *2 $1 a ~2 +RO +access *2 $1 b ~2 +RO +access", nil},
		{"eval s 0", true, "*0", nil},
		{"eval s 1 k", false, "*1 $1 k", nil},
		{"nope a", false, "", ErrNoSuchCommand},
		{"config nope", false, "", ErrNoSuchCommand},
		{"config get", false, "", ErrNoKeys},
		{"time", false, "", ErrNoKeys},
		{"mget", false, "", ErrArity},
		{"xread a b", false, "", ErrKeys},
		{"", false, "", ErrNoSuchCommand},
	} {
		w := &resp.Writer{Proto: 3}
		err := table.WriteKeys(w, argv(tt.call), tt.flags)
		if got := flat(w); got != tt.want || !errors.Is(err, tt.err) {
			t.Errorf("%s: %s, %v; want %s, %v", tt.call, got, err, tt.want, tt.err)
		}
	}
}

func TestHelpIsPairsOfCallAndText(t *testing.T) {
	help := Help()
	for i, line := range help {
		if indented := strings.HasPrefix(line, "    "); indented != (i%2 == 1) {
			t.Errorf("line %d: %q", i, line)
		}
	}
	if len(help)%2 != 0 {
		t.Errorf("%d lines", len(help))
	}
}
