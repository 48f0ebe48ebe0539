package ledger

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"
)

// TestScripts runs testdata: each line of an `apply` is one record, "sentinel: verb name arguments", lines joined by
// "&" are one entry, and the output is what changed or why not. The incarnation and the fence of a record are those of
// the moment, unless written as inc=N or fence=N.
func TestScripts(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		l, index := New(), uint64(0)
		at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			switch d.Cmd {
			case "apply":
				var out strings.Builder
				for line := range strings.Lines(d.Input) {
					by, text, _ := strings.Cut(strings.TrimSpace(line), ": ")
					var records []Record
					for part := range strings.SplitSeq(text, " & ") {
						records = append(records, parseRecord(t, l, index+1, part))
					}
					index++
					at = at.Add(time.Millisecond)
					out.WriteString(outcome(l.Apply(index, at, by, Encode(records...))))
				}
				return out.String()
			case "raw":
				index++
				return outcome(l.Apply(index, at, "S1", unhex(t, d.Input)))
			case "restore":
				next := New()
				if err := next.Restore(l.Snapshot()); err != nil {
					return err.Error()
				}
				same := string(next.Snapshot()) == string(l.Snapshot()) && next.Hash() == l.Hash()
				l = next
				return fmt.Sprintf("same: %t, index %d, epoch %d\n", same, l.Index(), l.Epoch())
			case "show":
				return show(l)
			case "history":
				return history(l, d.CmdArgs[0].Key)
			}
			t.Fatalf("%s: unknown command %q", d.Pos, d.Cmd)
			return ""
		})
	})
}

func outcome(r Result) string {
	var out strings.Builder
	for _, ch := range r.Changes {
		fmt.Fprintf(&out, "%d %T %s", ch.Index, ch.Record, ch.Primary.Name)
		if ch.Closed {
			out.WriteString(" closed")
		}
		if ch.Was != ch.Primary.Addr {
			fmt.Fprintf(&out, " %s -> %s", ch.Was, ch.Primary.Addr)
		}
		out.WriteString("\n")
	}
	if r.Err != nil {
		fmt.Fprintf(&out, "%v\n", r.Err)
	}
	return out.String()
}

func show(l *Ledger) string {
	var out strings.Builder
	for _, p := range l.Primaries() {
		fmt.Fprintf(&out, "%s#%d %s config-epoch %d watchers %v reports %v\n",
			p.Name, p.Incarnation, p.Addr, p.ConfigEpoch, p.Watchers, p.Reports)
		if len(p.Lineages) > 0 {
			fmt.Fprintf(&out, "  lineages %v\n", p.Lineages)
		}
		if p.Down != nil {
			fmt.Fprintf(&out, "  down since %d by %s, %v of %d\n", p.Down.Index, p.Down.By, p.Down.Counted, p.Down.Quorum)
		}
		if f := p.Failover; f != nil {
			fmt.Fprintf(&out, "  failover epoch %d state %d kind %d driver %s fence %d from %s", f.Epoch, f.State, f.Kind,
				f.Driver, f.Fence, f.From)
			fmt.Fprintf(&out, " candidate %s way %d fellback %q\n", f.Candidate, f.Way, f.Fellback)
		}
	}
	return out.String()
}

func history(l *Ledger, name string) string {
	var out strings.Builder
	for _, d := range l.History(name) {
		fmt.Fprintf(&out, "%d %s %s epoch %d %s: %s\n", d.Index, d.At.Format("05.000"), d.By, d.Epoch, d.What, d.Detail)
	}
	return out.String()
}

func addr(s string) Addr {
	host, port, _ := strings.Cut(s, ":")
	n, _ := strconv.Atoi(port)
	return Addr{Host: host, Port: n}
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	var b []byte
	for f := range strings.FieldsSeq(s) {
		v, err := strconv.ParseUint(f, 16, 8)
		if err != nil {
			t.Fatal(err)
		}
		b = append(b, byte(v))
	}
	return b
}

// parseRecord reads one record of a script; index is the entry's, for a record about what an earlier record opens.
func parseRecord(t *testing.T, l *Ledger, index uint64, text string) Record {
	t.Helper()
	var words []string
	opts := map[string]string{}
	for w := range strings.FieldsSeq(text) {
		if k, v, ok := strings.Cut(w, "="); ok {
			opts[k] = v
		} else {
			words = append(words, w)
		}
	}
	number := func(name string, otherwise uint64) uint64 {
		v, err := strconv.ParseUint(cmp.Or(opts[name], fmt.Sprint(otherwise)), 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	word := func(i int) string {
		if i < len(words) {
			return words[i]
		}
		return ""
	}
	ref, fence, here := Ref{Name: word(1), Incarnation: index}, index, Addr{}
	if p := l.Primary(word(1)); p != nil {
		ref.Incarnation, here = p.Incarnation, p.Addr
		if p.Failover != nil {
			fence = p.Failover.Fence
		}
	}
	ref.Incarnation, fence = number("inc", ref.Incarnation), number("fence", fence)
	switch words[0] {
	case "watch":
		return &Watch{Name: word(1), Addr: addr(word(2)), ConfigEpoch: Epoch(number("epoch", 0))}
	case "unwatch":
		return &Unwatch{Ref: ref, Absent: words[min(2, len(words)):]}
	case "forget":
		return &Forget{Member: word(1)}
	case "lineage":
		return &Lineage{Ref: ref, Addr: addr(cmp.Or(word(3), here.String())), ID: word(2)}
	case "report":
		if word(2) != "" {
			here = addr(word(2))
		}
		return &Report{Ref: ref, Addr: here, Reason: "no reply", Silence: 1500 * time.Millisecond}
	case "withdraw":
		return &Withdraw{ref}
	case "down":
		return &Down{Ref: ref, Quorum: int(number("quorum", 2)), Counted: words[2:]}
	case "up":
		return &Up{ref}
	case "intent":
		return &Intent{Ref: ref, Kind: Kind(number("kind", 0)), EpochSeen: Epoch(number("epoch", 0))}
	case "takeover":
		return &Takeover{Ref: ref, Fence: fence, Why: "no contact"}
	case "candidate":
		return &Candidate{
			Ref: ref, Fence: fence, Addr: addr(word(2)), RunID: "r1", Way: Way(number("way", 0)),
			Considered: []Seen{
				{Addr: addr(word(2)), Priority: 100, Offset: 42, RunID: "r1"},
				{Addr: Addr{"10.0.0.9", 6379}, Excluded: "s_down"},
			},
		}
	case "fallback":
		return &Fallback{Ref: ref, Fence: fence, Why: "NOPERM"}
	case "promoted":
		return &Promoted{Ref: ref, Fence: fence}
	case "abort":
		return &Abort{
			Ref: ref, Fence: fence, Why: "no-good-slave", Considered: []Seen{{Addr: addr("10.0.0.9:1"), Excluded: "s_down"}},
		}
	case "end":
		return &End{Ref: ref, Fence: fence, TimedOut: opts["timeout"] != ""}
	}
	t.Fatalf("unknown record %q", text)
	return nil
}
