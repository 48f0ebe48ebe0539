package engine

import (
	"bytes"

	"valkey/frontend/command"
	"valkey/internal/invariant"
)

// checkCall holds a handler to its contract, in builds with invariants: a read-only command changes nothing, every key
// reached through a door is a declared key.
func (e *Engine) checkCall(c *Call, mark int, dirty int64) {
	name := c.Cmd.FullName
	if c.Cmd.Flags.Has(command.Readonly) && e.depth == 1 {
		invariant.Check(e.Dirty == dirty,
			"engine: %s is declared read-only and changed %d values", name, e.Dirty-dirty)
	}
	if c.Cmd.Flags.Has(command.TouchesArbitraryKeys) || len(c.touchedAt) == 0 {
		return
	}
	keys, err := c.Cmd.AppendKeys(c.Argv, nil)
	invariant.Check(err == nil, "engine: %s touched keys, but its declaration finds none: %v", name, err)
	for _, k := range c.touchedAt {
		found := false
		for _, ref := range keys {
			found = found || bytes.Equal(c.Argv[ref.Index], k.Name)
		}
		invariant.Check(found, "engine: %s touched the key %q, which it does not declare", name, k.Name)
	}
}
