package engine_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"valkey/server/engine"
	"valkey/server/engine/enginetest"
)

const (
	modelSeeds     = 20
	modelCommands  = 2000
	modelKeys      = 12
	modelDatabases = 2
	modelAdvanceMs = 40
	modelTTLMs     = 100
)

// TestModel runs random commands on a server and on a model made of plain maps, which must reply the same. What the
// server records as effects goes to a second server, which must hold the same in the end.
func TestModel(t *testing.T) {
	for seed := range uint64(modelSeeds) {
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
			primary, replica := enginetest.New(t, families...), enginetest.New(t, families...)
			primary.Engine.SetActiveExpire(seed%2 == 0)
			primary.Engine.Replicas = replicaSink{replica}
			replica.Engine.SetGate(engine.GateReplica, true)
			replica.Client("primary").Obeyed = true
			m := newModel()
			r := rand.New(rand.NewPCG(seed, 0))
			for n := range modelCommands {
				if r.IntN(10) == 0 {
					d := time.Duration(r.IntN(modelAdvanceMs)) * time.Millisecond
					primary.Advance(d)
					replica.Advance(d)
					m.nowMs = primary.Now().UnixMilli()
				}
				args := randomCommand(r)
				want := m.run(args)
				if got := primary.Do(args...); got != want {
					t.Fatalf("seed %d, command %d: %q: got %s, want %s", seed, n, args, got, want)
				}
			}
			for db := range modelDatabases {
				if a, b := m.content(db), content(primary, db); a != b {
					t.Fatalf("seed %d: database %d:\n%s\nwant\n%s", seed, db, b, a)
				}
				if a, b := m.content(db), content(replica, db); a != b {
					t.Fatalf("seed %d: replica's database %d:\n%s\nwant\n%s", seed, db, b, a)
				}
			}
		})
	}
}

// replicaSink executes effects on another server.
type replicaSink struct{ s *enginetest.Server }

func (r replicaSink) Append(db int, wire []byte) {
	c := r.s.Client("primary")
	if db != engine.AnyDB {
		c.DB = db
	}
	argv := enginetest.Words(wire)
	r.s.Exec(c, argv)
	if len(c.W.Buf) > 0 && c.W.Buf[0] == '-' {
		panic(fmt.Sprintf("BUG: effect %q: %s", argv, c.W.Buf))
	}
	c.W.Buf = c.W.Buf[:0]
}

// content lists the live keys of a database with values and deadlines.
func content(s *enginetest.Server, db int) string {
	s.Client("c1").DB = db
	var out []string
	keys := strings.Trim(s.Do("KEYS", "*"), "[]")
	for quoted := range strings.SplitSeq(keys, ", ") {
		if key, err := strconv.Unquote(quoted); err == nil {
			out = append(out, fmt.Sprintf("%s=%s@%s", key, s.Do("GET", key), s.Do("PEXPIRETIME", key)))
		}
	}
	slices.Sort(out)
	return strings.Join(out, "\n")
}

// randomCommand makes up a call; keys, values and times are few, so that they meet.
func randomCommand(r *rand.Rand) []string {
	key := func() string { return "k" + strconv.Itoa(r.IntN(modelKeys)) }
	value := func() string {
		return [...]string{"", "1", "-7", "abc", "9223372036854775807", strings.Repeat("x", r.IntN(200))}[r.IntN(6)]
	}
	ms := func() string { return strconv.Itoa(1 + r.IntN(modelTTLMs)) }
	at := func() string { return strconv.FormatInt(enginetest.Start.UnixMilli()+r.Int64N(100_000), 10) }
	small := func() string { return strconv.Itoa(r.IntN(40) - 20) }
	switch r.IntN(24) {
	case 0, 1:
		return []string{"SET", key(), value()}
	case 2:
		return []string{"SET", key(), value(), "PX", ms(), [...]string{"NX", "XX", "GET"}[r.IntN(3)]}
	case 3:
		return []string{"SET", key(), value(), "KEEPTTL", "GET"}
	case 4:
		return []string{"SET", key(), value(), "IFEQ", value()}
	case 5:
		return []string{"SET", key(), value(), "PXAT", at()}
	case 6:
		return []string{"GET", key()}
	case 7:
		return []string{"GETDEL", key()}
	case 8:
		return []string{"GETEX", key(), "PXAT", at()}
	case 9:
		return []string{"APPEND", key(), value()}
	case 10:
		return []string{"SETRANGE", key(), strconv.Itoa(r.IntN(100)), value()}
	case 11:
		return []string{"INCRBY", key(), small()}
	case 12:
		return []string{"DEL", key(), key(), key()}
	case 13:
		return []string{"EXISTS", key(), key()}
	case 14:
		return []string{"PEXPIRE", key(), ms(), [...]string{"NX", "XX", "GT", "LT"}[r.IntN(4)]}
	case 15:
		return []string{"PEXPIREAT", key(), at()}
	case 16:
		return []string{"PERSIST", key()}
	case 17:
		return []string{"RENAME", key(), key()}
	case 18:
		return []string{"COPY", key(), key(), "DB", strconv.Itoa(r.IntN(modelDatabases)), "REPLACE"}
	case 19:
		return []string{"MOVE", key(), strconv.Itoa(r.IntN(modelDatabases))}
	case 20:
		return []string{"MSETNX", key(), value(), key(), value()}
	case 21:
		return []string{"GETRANGE", key(), small(), small()}
	case 22:
		return []string{"PTTL", key()}
	}
	if r.IntN(8) > 0 {
		return []string{"SELECT", strconv.Itoa(r.IntN(modelDatabases))}
	}
	return [...][]string{{"SWAPDB", "0", "1"}, {"FLUSHDB"}}[r.IntN(2)]
}

// model is the documented semantics on plain maps.
type model struct {
	nowMs int64
	db    int
	dbs   [modelDatabases]map[string]modelValue
}

type modelValue struct {
	text string
	at   int64 // deadline, 0 for none
}

func newModel() *model {
	m := &model{nowMs: enginetest.Start.UnixMilli()}
	for i := range m.dbs {
		m.dbs[i] = make(map[string]modelValue)
	}
	return m
}

func (m *model) get(db int, key string) (modelValue, bool) {
	v, ok := m.dbs[db][key]
	if ok && v.at != 0 && v.at < m.nowMs {
		delete(m.dbs[db], key)
		return modelValue{}, false
	}
	return v, ok
}

func (m *model) content(db int) string {
	var out []string
	for _, key := range slices.Sorted(maps.Keys(m.dbs[db])) {
		if v, ok := m.get(db, key); ok {
			at := v.at
			if at == 0 {
				at = -1
			}
			out = append(out, fmt.Sprintf("%s=%s@(integer) %d", key, strconv.Quote(v.text), at))
		}
	}
	slices.Sort(out)
	return strings.Join(out, "\n")
}

const modelNil = "(nil)"

func integer(n int) string { return "(integer) " + strconv.Itoa(n) }

func truth(b bool) string {
	if b {
		return integer(1)
	}
	return integer(0)
}

func (m *model) run(args []string) string {
	d, key := m.dbs[m.db], ""
	if len(args) > 1 {
		key = args[1]
	}
	v, ok := m.get(m.db, key)
	bulk := modelNil
	if ok {
		bulk = strconv.Quote(v.text)
	}
	switch args[0] {
	case "SET":
		return m.set(args, v, ok, bulk)
	case "GET":
		return bulk
	case "GETDEL":
		delete(d, key)
		return bulk
	case "GETEX":
		if ok {
			m.expire(key, v, number(args[3]))
		}
		return bulk
	case "APPEND":
		d[key] = modelValue{v.text + args[2], v.at}
		return integer(len(v.text) + len(args[2]))
	case "SETRANGE":
		return m.setRange(args, v)
	case "INCRBY":
		return m.incrBy(args, v, ok)
	case "PTTL":
		switch {
		case !ok:
			return integer(-2)
		case v.at == 0:
			return integer(-1)
		}
		return integer(int(v.at - m.nowMs))
	case "GETRANGE":
		return strconv.Quote(substring(v.text, int(number(args[2])), int(number(args[3]))))
	}
	return m.runKeys(args, v, ok)
}

func (m *model) runKeys(args []string, v modelValue, ok bool) string {
	d, key := m.dbs[m.db], ""
	if len(args) > 1 {
		key = args[1]
	}
	switch args[0] {
	case "DEL", "EXISTS":
		n := 0
		for _, k := range args[1:] {
			if _, ok := m.get(m.db, k); ok {
				n++
				if args[0] == "DEL" {
					delete(d, k)
				}
			}
		}
		return integer(n)
	case "PEXPIRE", "PEXPIREAT":
		return truth(ok && m.pexpire(args, v))
	case "PERSIST":
		if ok {
			d[key] = modelValue{v.text, 0}
		}
		return truth(ok && v.at != 0)
	case "RENAME":
		if !ok {
			return "(error) ERR no such key"
		}
		delete(d, key)
		d[args[2]] = v
		return "OK"
	case "COPY":
		to := int(number(args[4]))
		if to == m.db && args[2] == key {
			return "(error) ERR source and destination objects are the same"
		}
		if ok {
			m.dbs[to][args[2]] = v
		}
		return truth(ok)
	case "MOVE":
		to := int(number(args[2]))
		if to == m.db {
			return "(error) ERR source and destination objects are the same"
		}
		if _, there := m.get(to, key); there || !ok {
			return integer(0)
		}
		m.dbs[to][key] = v
		delete(d, key)
		return integer(1)
	case "MSETNX":
		_, other := m.get(m.db, args[3])
		if ok || other {
			return integer(0)
		}
		d[key] = modelValue{text: args[2]}
		d[args[3]] = modelValue{text: args[4]}
		return integer(1)
	case "SELECT":
		m.db = int(number(args[1]))
	case "SWAPDB":
		m.dbs[0], m.dbs[1] = m.dbs[1], m.dbs[0]
	case "FLUSHDB":
		clear(d)
	}
	return "OK"
}

func (m *model) set(args []string, v modelValue, ok bool, bulk string) string {
	next := modelValue{text: args[2]}
	get, holds := slices.Contains(args, "GET"), true
	for i, a := range args[3:] {
		switch a {
		case "PX":
			next.at = m.nowMs + number(args[4+i])
		case "PXAT":
			next.at = number(args[4+i])
		case "KEEPTTL":
			next.at = v.at
		case "NX":
			holds = !ok
		case "XX":
			holds = ok
		case "IFEQ":
			holds = ok && v.text == args[4+i]
		}
	}
	if holds {
		m.expire(args[1], next, next.at)
	}
	switch {
	case get:
		return bulk
	case holds:
		return "OK"
	}
	return modelNil
}

// expire stores a value with a deadline, or removes it where that is over.
func (m *model) expire(key string, v modelValue, at int64) {
	if at != 0 && at <= m.nowMs {
		delete(m.dbs[m.db], key)
		return
	}
	m.dbs[m.db][key] = modelValue{v.text, at}
}

func (m *model) pexpire(args []string, v modelValue) bool {
	at := number(args[2])
	if args[0] == "PEXPIRE" {
		at += m.nowMs
	}
	if len(args) > 3 {
		switch option := args[3]; {
		case option == "NX" && v.at != 0, option == "XX" && v.at == 0, option == "GT" && (v.at == 0 || at <= v.at),
			option == "LT" && v.at != 0 && at >= v.at:
			return false
		}
	}
	m.expire(args[1], v, at)
	return true
}

func (m *model) setRange(args []string, v modelValue) string {
	offset, part := int(number(args[2])), args[3]
	if part == "" {
		return integer(len(v.text))
	}
	b := []byte(v.text)
	if n := offset + len(part); n > len(b) {
		b = append(b, make([]byte, n-len(b))...)
	}
	copy(b[offset:], part)
	m.dbs[m.db][args[1]] = modelValue{string(b), v.at}
	return integer(len(b))
}

func (m *model) incrBy(args []string, v modelValue, ok bool) string {
	n, err := int64(0), error(nil)
	if ok {
		n, err = strconv.ParseInt(v.text, 10, 64)
	}
	if err != nil || ok && strconv.FormatInt(n, 10) != v.text {
		return "(error) ERR value is not an integer or out of range"
	}
	delta := number(args[2])
	if sum := n + delta; (sum > n) != (delta > 0) && delta != 0 {
		return "(error) ERR increment or decrement would overflow"
	}
	m.dbs[m.db][args[1]] = modelValue{strconv.FormatInt(n+delta, 10), v.at}
	return fmt.Sprintf("(integer) %d", n+delta)
}

func substring(s string, start, end int) string {
	n := len(s)
	if start < 0 && end < 0 && start > end {
		return ""
	}
	if start < 0 {
		start = max(n+start, 0)
	}
	if end < 0 {
		end = max(n+end, 0)
	}
	end = min(end, n-1)
	if start > end {
		return ""
	}
	return s[start : end+1]
}

func number(s string) int64 {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		panic("BUG: " + err.Error())
	}
	return n
}
