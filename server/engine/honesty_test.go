package engine_test

import (
	"strings"
	"testing"

	"valkey/frontend/command"
	"valkey/frontend/command/commandtest"
	"valkey/server/engine"
	"valkey/server/engine/admin"
	"valkey/server/engine/connection"
	"valkey/server/engine/debug"
	"valkey/server/engine/enginetest"
	"valkey/server/engine/info"
	"valkey/server/engine/keys"
	"valkey/server/engine/pubsub"
	"valkey/server/engine/replication"
	"valkey/server/engine/scripting"
	stringsfamily "valkey/server/engine/strings"
	"valkey/server/engine/transactions"
)

// families are all that the data server has; tidy holds that each command is in its family's list.
var families = [][]engine.Command{
	admin.Commands, connection.Commands, debug.Commands, info.Commands, keys.Commands, pubsub.Commands,
	replication.Commands, scripting.Commands, stringsfamily.Commands, transactions.Commands,
}

const honestySeed, honestyCalls = 1, 50

// TestDeclarationsAreHonest is the second and third rung: arities follow from arguments, and handlers accept and
// refuse what the grammars say. NewTable is the first; with -tags invariants every call here climbs the fourth, which
// holds the keys touched, the changes and the replies against the declaration.
func TestDeclarationsAreHonest(t *testing.T) {
	table := command.NewTable(families...)
	s := enginetest.New(t, families...)
	g := commandtest.NewGenerator(honestySeed)
	for id := range table.Len() {
		d := table.Decl(id)
		t.Run(d.FullName, func(t *testing.T) {
			if err := commandtest.CheckArity(d); err != nil && openArity[d.FullName] == "" {
				t.Error(err)
			}
			if d.IsContainer() || outsideGrammar[d.FullName] != "" {
				return
			}
			if err := commandtest.CheckGrammar(g, d, honestyCalls, func(argv [][]byte) commandtest.Outcome {
				return outcome(s, argv)
			}); err != nil {
				t.Error(err)
			}
		})
	}
	for name := range outsideGrammar {
		if table.ByFullName([]byte(name)) == nil {
			t.Errorf("there is no command %s to make an exception for", name)
		}
	}
}

// outcome runs a call as a client of its own, which leaves no transaction, subscription or wait behind.
func outcome(s *enginetest.Server, argv [][]byte) commandtest.Outcome {
	c := s.Client("honest")
	sent := append([][]byte(nil), argv...)
	for i, a := range sent {
		sent[i] = []byte(string(a)) // the server destroys its arguments
	}
	s.Exec(c, sent)
	reply := string(c.W.Buf)
	s.Engine.Lock()
	if c.Block != nil {
		s.Engine.Unblock(c, nil)
	}
	s.Engine.Reset(c)
	s.Engine.Unpause()
	s.Engine.Unlock()
	c.W.Buf = c.W.Buf[:0]
	c.CloseASAP, c.CloseAfter = false, false
	switch {
	case !strings.HasPrefix(reply, "-"):
		return commandtest.Done
	case strings.HasPrefix(reply, "-ERR syntax error"), strings.Contains(reply, "wrong number of arguments"),
		strings.Contains(reply, "unknown subcommand"), strings.HasPrefix(reply, "-ERR Unsupported option"),
		strings.HasPrefix(reply, "-ERR Unrecognized option"):
		return commandtest.Refused
	}
	return commandtest.Failed
}

// openArity are commands whose declared arity, which is Valkey's, is not what their arguments say.
var openArity = map[string]string{
	"debug":    "its subcommands are no part of the declaration, in Valkey neither",
	"psync":    "servers add FAILOVER, which is not for users",
	"quit":     "takes anything, so that no client is kept from leaving",
	"replconf": "its options are between servers, and no part of the declaration, in Valkey neither",
}

// outsideGrammar are commands whose grammar does not tell which calls are accepted, with the reason.
var outsideGrammar = map[string]string{
	"client|pause":   "what follows the mode is ignored, as in Valkey",
	"client|unblock": "what follows the reason is ignored, as in Valkey",
	"debug":          "its subcommands are no part of the declaration",
	"failover":       "ABORT stands alone, which the grammar of Valkey does not say",
	"lolwut":         "what follows the version belongs to the drawing",
	"psync":          "servers add FAILOVER, and what follows it is ignored",
	"quit":           "takes anything",
	"replconf":       "its options are no part of the declaration",
	"restore":        "IDLETIME and FREQ exclude each other, which Valkey's declaration does not say",
}
