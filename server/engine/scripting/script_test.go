package scripting_test

import (
	"testing"

	"github.com/cockroachdb/datadriven"

	"valkey/server/engine/connection"
	"valkey/server/engine/enginetest"
	"valkey/server/engine/scripting"
)

func TestScripts(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		s := enginetest.New(t, connection.Commands, scripting.Commands)
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			return s.Step(d.Cmd, d.Input)
		})
	})
}
