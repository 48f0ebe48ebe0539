package keys

import (
	"math"
	"slices"
	"strconv"

	"valkey/frontend/command"
	"valkey/frontend/resp"
	"valkey/frontend/session"
	"valkey/server/engine"
	"valkey/store"
)

// Scan lists the keys of the database a few at a time.
var Scan = engine.Command{
	Spec: command.Spec{
		Name: "scan", Group: command.GroupGeneric, Since: "2.8.0",
		Complexity: "O(1) a call, O(N) for the whole walk over N keys",
		Summary:    "Walks through the keys of the database a few at a time.",
		Arity:      -2,
		Flags:      command.Readonly | command.TouchesArbitraryKeys,
		Args: []command.Arg{
			command.Int("cursor"),
			command.Pattern("pattern").Tok("MATCH").Opt(),
			command.Int("count").Tok("COUNT").Opt(),
			command.Str("type").Tok("TYPE").Opt().From("6.0.0"),
		},
		Tips: []string{"nondeterministic_output", "request_policy:special", "response_policy:special"},
		History: []command.Change{
			{Version: "6.0.0", Text: "Can select by `TYPE`."},
		},
	},
	Run: scan,
}

const errCursor = resp.Error("ERR invalid cursor")

const (
	scanCount = 10 // the default of COUNT
	// scanBucketsPerKey bounds how many buckets, which may be empty, a call visits for each key that it is to look at.
	scanBucketsPerKey = 10
)

// scanOptions are the words after SCAN's cursor.
type scanOptions struct {
	pattern []byte // nil matches all
	count   int64
	typed   bool
	typ     store.Type
}

func (o *scanOptions) parse(c *engine.Call, i int) error {
	o.count = scanCount
	for ; i < len(c.Argv); i += 2 {
		more := i+1 < len(c.Argv)
		switch {
		case c.Is(i, "count") && more:
			n, err := c.Int(i + 1)
			if err != nil {
				return err
			}
			if n < 1 {
				return engine.ErrSyntax
			}
			o.count = n
		case c.Is(i, "match") && more:
			o.pattern = c.Argv[i+1]
		case c.Is(i, "type") && more:
			if !o.selectType(c.Argv[i+1]) {
				return engine.Errorf("unknown type name '%s'", c.Argv[i+1])
			}
		case c.Is(i, "novalues"):
			return resp.Error("ERR NOVALUES option can only be used in HSCAN")
		case c.Is(i, "noscores"):
			return resp.Error("ERR NOSCORES option can only be used in ZSCAN")
		default:
			return engine.ErrSyntax
		}
	}
	return nil
}

func (o *scanOptions) selectType(name []byte) bool {
	for _, t := range [...]store.Type{store.String, store.List, store.Set, store.ZSet, store.Hash, store.Stream} {
		if session.EqualFold(name, t.String()) {
			o.typed, o.typ = true, t
			return true
		}
	}
	return false
}

// scan looks at about as many keys as COUNT says, goes over at most ten times as many buckets, and replies what is
// selected of that: perhaps nothing. Every key that exists from the first call to the last is replied at least once.
func scan(c *engine.Call) error {
	cursor, ok := parseCursor(c.Argv[1])
	if !ok {
		return errCursor
	}
	var o scanOptions
	if err := o.parse(c, 2); err != nil {
		return err
	}
	w := c.Reply
	mark, seen, n := w.Later(), int64(0), 0
	emit := func(en store.Entry) {
		seen++
		key := en.Key()
		if o.typed && en.Type() != o.typ || o.pattern != nil && !matches(o.pattern, key) {
			return
		}
		if c.Live(en) {
			w.Bulk(key)
			n++
		}
	}
	for range min(o.count, math.MaxInt64/scanBucketsPerKey) * scanBucketsPerKey {
		cursor = c.DB.Scan(cursor, emit)
		if cursor == 0 || seen >= o.count {
			break
		}
	}
	w.EndArray(mark, n)
	// The cursor stands before the keys, and is known after them.
	head := append([]byte("*2\r\n$"), strconv.Itoa(len(strconv.FormatUint(cursor, 10)))...)
	head = append(strconv.AppendUint(append(head, "\r\n"...), cursor, 10), "\r\n"...)
	w.Buf = slices.Insert(w.Buf, int(mark), head...)
	return nil
}

// parseCursor reads a cursor as C's strtoull does, which lets blanks, a sign and leading zeros pass and takes a
// negative number as its complement; but a negative number in plain form is refused first.
func parseCursor(b []byte) (uint64, bool) {
	if n, ok := resp.ParseInt(b); ok && n < 0 {
		return 0, false
	}
	for len(b) > 0 && (b[0] == ' ' || '\t' <= b[0] && b[0] <= '\r') {
		b = b[1:]
	}
	negative := len(b) > 0 && b[0] == '-'
	if len(b) > 0 && (b[0] == '+' || negative) {
		b = b[1:]
	}
	n, err := strconv.ParseUint(string(b), 10, 64)
	if negative {
		n = -n
	}
	return n, err == nil
}
