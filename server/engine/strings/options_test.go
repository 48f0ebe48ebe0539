package strings

import (
	"bytes"
	"testing"

	"valkey/configs"
	"valkey/frontend/command"
	"valkey/frontend/resp"
	"valkey/frontend/session"
	"valkey/server/engine"
	"valkey/store"
)

// FuzzOptions holds the options of SET, GETEX and MSETEX to what the grammar promises: whatever is accepted has at
// most one condition and one lifetime, and its deadline can be.
func FuzzOptions(f *testing.F) {
	for _, seed := range []string{
		"EX 10 NX", "px 5 get xx", "IFEQ a GET", "KEEPTTL", "exat 1 exat 2", "NX NX", "persist",
		"IFEQ",
	} {
		f.Add([]byte(seed), byte(3))
	}
	f.Fuzz(func(t *testing.T, words []byte, kinds byte) {
		e := &engine.Engine{Front: session.Front{Config: configs.New()}}
		decl := &command.Decl{FullName: "set"}
		argv := append([][]byte{[]byte("set"), []byte("k"), []byte("v")}, bytes.Fields(words)...)
		c := &engine.Call{Engine: e, Call: session.Call{
			Client: &session.Client{}, Cmd: decl, Argv: argv, Reply: &resp.Writer{},
		}}
		var o options
		if err := o.parse(c, 3, takes(kinds&7)); err != nil {
			return
		}
		if (o.condition == ifEqual) != (o.equal != nil) {
			t.Fatalf("%q: condition %d with %q", words, o.condition, o.equal)
		}
		if o.timed() != (o.lifetime >= inSeconds && o.lifetime <= atMillis) {
			t.Fatalf("%q: lifetime %d with %q", words, o.lifetime, o.time)
		}
		at, err := o.deadline(c)
		if err == nil && o.timed() != (at > 0) {
			t.Fatalf("%q: deadline %d", words, at)
		}
		if err == nil && (o.lifetime == keepTTL) != (at == store.KeepTTL) {
			t.Fatalf("%q: lifetime %d gives %d", words, o.lifetime, at)
		}
	})
}
