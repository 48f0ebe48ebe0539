package connection_test

import (
	"testing"

	"github.com/cockroachdb/datadriven"

	"valkey/frontend/session/users"
	"valkey/server/engine"
	"valkey/server/engine/admin"
	"valkey/server/engine/connection"
	"valkey/server/engine/enginetest"
	"valkey/server/engine/keys"
	"valkey/server/engine/pubsub"
	"valkey/server/engine/strings"
	"valkey/server/engine/transactions"
)

func TestScripts(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		s := enginetest.New(t, admin.Commands, connection.Commands, keys.Commands, pubsub.Commands, strings.Commands,
			transactions.Commands, engine.Lift(users.Commands))
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			return s.Step(d.Cmd, d.Input)
		})
	})
}
