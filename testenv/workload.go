package testenv

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

const (
	workloadKeys  = 400 // keys that are written again and again
	workloadDBs   = 4   // databases in use
	hugeValue     = 1 << 20
	syncMax       = 30 * time.Second // until a replica has caught up
	differingMax  = 5                // differences that a failure shows
	settledMargin = time.Minute      // deadlines nearer than this are not compared: the key may go meanwhile
)

// Workload makes writes of every kind that there is, the same ones for the same seed: values small and large, text and
// binary, deadlines near and far, several databases, transactions, and now and then a flush or an exchange of
// databases. Every command of it is known to Redis 7.0.
type Workload struct {
	rng  *rand.Rand
	Calm bool // no FLUSHALL, FLUSHDB, SWAPDB and large values
}

// NewWorkload starts a sequence.
func NewWorkload(seed uint64) *Workload { return &Workload{rng: rand.New(rand.NewPCG(seed, 0x5eed))} }

// Write sends n steps in one pipeline, ending in database 0. A reply may be an error of the data's own making, such as
// the INCR of a text; one that refuses the write itself fails the test.
func (w *Workload) Write(t testing.TB, c *Client, n int) {
	t.Helper()
	var commands [][]any
	for range n {
		commands = append(commands, w.Step()...)
	}
	commands = append(commands, []any{"SELECT", 0})
	for i, v := range c.Pipeline(commands...) {
		if e, ok := v.(Error); ok && !dataError(e) {
			t.Fatalf("%.80q: %v", commands[i], e)
		}
	}
}

// dataError tells the errors that the workload provokes by chance.
func dataError(e Error) bool {
	for _, known := range []string{
		"ERR value is not an integer", "ERR increment or decrement", "ERR no such key", "ERR value is not a valid float",
		"ERR source and destination objects are the same", "ERR string exceeds",
		"ERR increment would produce",
	} {
		if strings.HasPrefix(string(e), known) {
			return true
		}
	}
	return false
}

// Step is the next command, or a whole transaction.
func (w *Workload) Step() [][]any {
	switch r := w.rng.IntN(1000); {
	case r < 60:
		steps := [][]any{{"MULTI"}}
		for range 1 + w.rng.IntN(6) {
			steps = append(steps, w.one())
		}
		return append(steps, []any{"EXEC"})
	case r < 160:
		return [][]any{{"SELECT", w.db()}}
	case r < 161 && !w.Calm:
		return [][]any{{"FLUSHALL"}}
	case r < 163 && !w.Calm:
		return [][]any{{"FLUSHDB"}}
	case r < 168 && !w.Calm:
		return [][]any{{"SWAPDB", w.db(), w.db()}}
	case r < 172 && !w.Calm:
		return [][]any{{"SET", w.key(), strings.Repeat(w.text(), hugeValue/16)}}
	}
	return [][]any{w.one()}
}

// one is a write of one command.
func (w *Workload) one() []any {
	k := w.key()
	switch w.rng.IntN(20) {
	case 0:
		return []any{"SET", k, w.value(), "PX", 1 + w.rng.IntN(300)}
	case 1:
		return []any{"SET", k, w.value(), "EX", 1000 + w.rng.IntN(1000)}
	case 2:
		return []any{"SETEX", k, 2000, w.value()}
	case 3:
		return []any{"MSET", k, w.value(), w.key(), w.value(), w.key(), w.value()}
	case 4:
		return []any{"APPEND", k, w.text()}
	case 5:
		return []any{"SETRANGE", k, w.rng.IntN(200), w.text()}
	case 6:
		return []any{"INCRBY", w.counter(), w.rng.IntN(1000) - 500}
	case 7:
		return []any{"INCRBYFLOAT", w.counter() + ":f", "0.25"}
	case 8:
		return []any{"DEL", k, w.key()}
	case 9:
		return []any{"UNLINK", k}
	case 10:
		return []any{"PEXPIRE", k, 1 + w.rng.IntN(500)}
	case 11:
		return []any{"EXPIREAT", k, 4_000_000_000 + w.rng.IntN(1000)}
	case 12:
		return []any{"PERSIST", k}
	case 13:
		return []any{"RENAME", k, w.key()}
	case 14:
		return []any{"COPY", k, w.key(), "REPLACE"}
	case 15:
		return []any{"MOVE", k, w.db()}
	case 16:
		return []any{"GETDEL", k}
	case 17:
		return []any{"GETEX", k, "PX", 5000 + w.rng.IntN(1000_000)}
	case 18:
		return []any{"SET", k, w.value(), "KEEPTTL"}
	}
	return []any{"SET", k, w.value()}
}

func (w *Workload) db() int { return w.rng.IntN(workloadDBs) }

func (w *Workload) key() string {
	n := w.rng.IntN(workloadKeys)
	if n%10 == 0 {
		return "\x00\r\n\xff" + strconv.Itoa(n)
	}
	return "key:" + strconv.Itoa(n)
}

func (w *Workload) counter() string { return "counter:" + strconv.Itoa(w.rng.IntN(20)) }

func (w *Workload) text() string { return fmt.Sprintf("%016x", w.rng.Uint64()) }

// value is a number, a short text, one that compresses well, or bytes that do not.
func (w *Workload) value() string {
	switch w.rng.IntN(4) {
	case 0:
		return strconv.Itoa(int(w.rng.Int32()) - 1<<30)
	case 1:
		return w.text()
	case 2:
		return strings.Repeat(w.text()[:4], 1+w.rng.IntN(500))
	}
	b := make([]byte, w.rng.IntN(600))
	for i := range b {
		b[i] = byte(w.rng.Uint32())
	}
	return string(b)
}

// Digest is the server's own digest of all data; it needs enable-debug-command.
func Digest(t testing.TB, c *Client) string {
	t.Helper()
	d, ok := c.Do("DEBUG", "DIGEST").(Simple)
	if !ok {
		t.Fatalf("DEBUG DIGEST: not a status")
	}
	return string(d)
}

// Contents is every key, as `db key`, with its deadline and its value, without those whose deadline is before a time.
func Contents(t testing.TB, c *Client, from time.Time) map[string]string {
	t.Helper()
	out := map[string]string{}
	horizon := from.UnixMilli()
	for db := range workloadDBs {
		c.Do("SELECT", db)
		cursor := "0"
		for {
			page, ok := c.Do("SCAN", cursor, "COUNT", 500).([]any)
			if !ok || len(page) != 2 {
				t.Fatalf("SCAN: %v", page)
			}
			keys, _ := page[1].([]any)
			for _, k := range keys {
				v := c.Pipeline([]any{"PEXPIRETIME", k}, []any{"GET", k})
				if at, ok := v[0].(int64); ok && (at == -1 || at > horizon) {
					out[fmt.Sprintf("%d %q", db, k)] = fmt.Sprintf("%d %v", at, v[1])
				}
			}
			if cursor = fmt.Sprint(page[0]); cursor == "0" {
				break
			}
		}
	}
	c.Do("SELECT", 0)
	return out
}

// SameContents fails the test unless both servers hold the same keys, values and deadlines.
func SameContents(t testing.TB, what string, a, b *Client) {
	t.Helper()
	horizon := time.Now().Add(settledMargin)
	left, right := Contents(t, a, horizon), Contents(t, b, horizon)
	if maps.Equal(left, right) {
		return
	}
	for k, v := range right {
		if _, ok := left[k]; !ok {
			left[k] = "(missing)"
		} else if left[k] == v {
			delete(left, k)
		}
	}
	keys := slices.Sorted(maps.Keys(left))
	for _, k := range keys[:min(differingMax, len(keys))] {
		r, ok := right[k]
		if !ok {
			r = "(missing)"
		}
		t.Errorf("%s: %s: %.100q here, %.100q there", what, k, left[k], r)
	}
	t.Fatalf("%s: %d keys differ", what, len(keys))
}

// SameData waits until both hold equal data by their digests, with keys about to expire gone, and compares every key.
func SameData(t testing.TB, what string, a, b *Client) {
	t.Helper()
	end := time.Now().Add(syncMax)
	for Digest(t, a) != Digest(t, b) {
		if time.Now().After(end) {
			SameContents(t, what, a, b)
			t.Fatalf("%s: the digests differ, of data that looks equal", what)
		}
		<-time.After(pollEvery)
	}
	SameContents(t, what, a, b)
}
