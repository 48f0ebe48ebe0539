package strings

import (
	"valkey/frontend/command"
	"valkey/frontend/resp"
	"valkey/server/engine"
	"valkey/store"
)

// LCS finds the longest common subsequence of two strings.
var LCS = engine.Command{
	Spec: command.Spec{
		Name: "lcs", Group: command.GroupString, Since: "7.0.0",
		Complexity: "O(N*M) for strings of N and M bytes",
		Summary:    "Finds the longest subsequence that two strings have in common.",
		Arity:      -3,
		Flags:      command.Readonly,
		Keys:       []command.KeySpec{command.KeyRange(1, 1, 1, command.RO, command.Access)},
		Args: []command.Arg{
			command.KeyArg("key1", 0),
			command.KeyArg("key2", 0),
			command.Token("len", "LEN").Opt(),
			command.Token("idx", "IDX").Opt(),
			command.Int("min-match-len").Tok("MINMATCHLEN").Opt(),
			command.Token("withmatchlen", "WITHMATCHLEN").Opt(),
		},
	},
	Run: lcs,
}

const (
	errLCSType   = resp.Error("ERR The specified keys must contain string values")
	errLCSBoth   = resp.Error("ERR If you want both the length and indexes, please just use IDX.")
	errLCSMemory = resp.Error("ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len")
)

// lcsOptions are the words after LCS's keys.
type lcsOptions struct {
	length, matches, matchLengths bool
	shortest                      int64 // matches below this length are left out
}

func (o *lcsOptions) parse(c *engine.Call) error {
	for i := 3; i < len(c.Argv); i++ {
		switch {
		case c.Is(i, "idx"):
			o.matches = true
		case c.Is(i, "len"):
			o.length = true
		case c.Is(i, "withmatchlen"):
			o.matchLengths = true
		case c.Is(i, "minmatchlen") && i+1 < len(c.Argv):
			i++
			n, err := c.Int(i)
			if err != nil {
				return err
			}
			o.shortest = n
		default:
			return engine.ErrSyntax
		}
	}
	if o.length && o.matches {
		return errLCSBoth
	}
	return nil
}

func lcs(c *engine.Call) error {
	enA, errA := c.ReadString(c.Key(1))
	enB, errB := c.ReadString(c.Key(2))
	if errA != nil || errB != nil {
		return errLCSType
	}
	var o lcsOptions
	if err := o.parse(c); err != nil {
		return err
	}
	if enA.Exists() {
		enA = c.Peek(c.Key(1)) // reading the second key may have removed it, and with that moved the first
	}
	var scratchA, scratchB [20]byte
	a, b := bytesOf(enA, &scratchA), bytesOf(enB, &scratchB)
	if (len(a)+1)*(len(b)+1) > int(c.Config.ProtoMaxBulkLen)/4 {
		return errLCSMemory
	}
	t := newLCSTable(a, b)
	switch {
	case o.matches:
		t.replyMatches(c.Reply, &o)
	case o.length:
		c.Reply.Int(int64(t.size))
	default:
		c.Reply.Bulk(t.text())
	}
	return nil
}

func bytesOf(en store.Entry, scratch *[20]byte) []byte {
	if !en.Exists() {
		return nil
	}
	return en.Bytes(scratch)
}

// lcsTable is the longest common subsequence of a and b, found by dynamic programming: quadratic in time, with two rows
// of lengths and, per pair of prefixes, the one bit that the walk back from the whole strings needs. Whole rows of
// lengths would be 32 times the garbage, from a single command.
type lcsTable struct {
	a, b []byte
	size uint32   // length of the longest common subsequence
	up   []uint64 // bit i*len(b)+j: a[:i] and b[:j+1] have more in common than a[:i+1] and b[:j]
}

func newLCSTable(a, b []byte) *lcsTable {
	t := &lcsTable{a: a, b: b, up: make([]uint64, (len(a)*len(b)+63)/64)}
	above, row := make([]uint32, len(b)+1), make([]uint32, len(b)+1)
	for i := range a {
		for j := range b {
			switch {
			case a[i] == b[j]:
				row[j+1] = above[j] + 1
			case above[j+1] > row[j]:
				row[j+1] = above[j+1]
				t.up[(i*len(b)+j)/64] |= 1 << ((i*len(b) + j) % 64)
			default:
				row[j+1] = row[j]
			}
		}
		above, row = row, above
	}
	t.size = above[len(b)]
	return t
}

func (t *lcsTable) goesUp(i, j int) bool {
	at := (i-1)*len(t.b) + j - 1
	return t.up[at/64]>>(at%64)&1 != 0
}

// walk goes back along the subsequence and yields the place of each of its bytes in a and b, the last one first.
func (t *lcsTable) walk(yield func(i, j int) bool) {
	for i, j := len(t.a), len(t.b); i > 0 && j > 0; {
		switch {
		case t.a[i-1] == t.b[j-1]:
			i, j = i-1, j-1
			if !yield(i, j) {
				return
			}
		case t.goesUp(i, j):
			i--
		default:
			j--
		}
	}
}

func (t *lcsTable) text() []byte {
	out := make([]byte, t.size)
	n := len(out)
	for i := range t.walk {
		n--
		out[n] = t.a[i]
	}
	return out
}

// replyMatches writes the runs in which the subsequence is contiguous in both strings, from the last to the first.
func (t *lcsTable) replyMatches(w *resp.Writer, o *lcsOptions) {
	w.Map(2)
	w.BulkString("matches")
	mark, n := w.Later(), 0
	var i, j, size int // the run that is growing towards the front
	end := func() {
		if size > 0 && int64(size) >= o.shortest {
			writeMatch(w, i, j, size, o.matchLengths)
			n++
		}
	}
	for x, y := range t.walk {
		if size > 0 && x == i-1 && y == j-1 {
			size++
		} else {
			end()
			size = 1
		}
		i, j = x, y
	}
	end()
	w.EndArray(mark, n)
	w.BulkString("len")
	w.Int(int64(t.size))
}

func writeMatch(w *resp.Writer, i, j, size int, withLength bool) {
	if withLength {
		w.Array(3)
	} else {
		w.Array(2)
	}
	for _, from := range [...]int{i, j} {
		w.Array(2)
		w.Int(int64(from))
		w.Int(int64(from + size - 1))
	}
	if withLength {
		w.Int(int64(size))
	}
}
