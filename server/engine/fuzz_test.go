package engine_test

import (
	"bytes"
	"testing"

	"valkey/frontend/resp"
	"valkey/server/engine"
	"valkey/server/engine/enginetest"
	"valkey/server/engine/keys"
	stringsfamily "valkey/server/engine/strings"
	"valkey/server/engine/transactions"
)

// FuzzCommands runs lines of any words on an engine. Every one gets one whole reply, unless it waits, and the store
// stays sound; with -tags invariants handlers are held to their declarations too.
func FuzzCommands(f *testing.F) {
	for _, seed := range []string{
		"SET k v EX 10\nGET k\nINCR k", "APPEND k 5\nSETRANGE k 300 x\nGETRANGE k 0 -1\nLCS k k IDX", "INCRBYFLOAT f 1e10",
		"MSETEX 2 a 1 b 2 EX 5\nRENAME a b\nCOPY b c DB 1\nMOVE c 2\nSWAPDB 0 1", "MULTI\nSET a 1\nWAIT 1 0\nEXEC",
		"SCAN 0 COUNT 5 MATCH * TYPE string\nKEYS [a-\nOBJECT FREQ a\nFLUSHALL ASYNC",
		"EXPIRE k -1\nGETEX k PXAT 1\nWAIT 1 5",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, input []byte) {
		s := enginetest.New(t, [][]engine.Command{
			stringsfamily.Commands, keys.Commands, transactions.Commands,
		}...)
		s.Config.ProtoMaxBulkLen = 1 << 20 // so that the search goes for forms, not for sizes
		c := s.Client("c1")
		for line := range bytes.Lines(input) {
			argv, ok := resp.SplitWords(line, nil)
			if !ok || len(argv) == 0 || c.Block != nil {
				continue
			}
			shown := string(line)
			s.Exec(c, argv)
			if n := enginetest.CountReplies(c.W.Buf); n != 1 && (n != 0 || c.Block == nil && !c.CloseASAP) {
				t.Fatalf("%q: %d replies: %q", shown, n, c.W.Buf)
			}
			c.W.Buf = c.W.Buf[:0]
		}
	})
}
