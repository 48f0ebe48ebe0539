package keys

import (
	"valkey/frontend/command"
	"valkey/server/engine"
)

// RandomKey replies the name of some key.
var RandomKey = engine.Command{
	Spec: command.Spec{
		Name: "randomkey", Group: command.GroupGeneric, Since: "1.0.0",
		Complexity: "O(1)",
		Summary:    "Returns the name of some key of the database, chosen at random.",
		Arity:      1,
		Flags:      command.Readonly | command.TouchesArbitraryKeys,
		Tips:       []string{"request_policy:all_shards", "response_policy:special", "nondeterministic_output"},
	},
	Run: randomKey,
}

// randomTries bounds the search for a live key where expired ones stay; an expired one is good enough then.
const randomTries = 100

func randomKey(c *engine.Call) error {
	stuck := c.ExpiryHeld() && c.DB.Len() == c.DB.Volatile()
	for tries := 1; ; tries++ {
		en := c.DB.Random()
		switch {
		case !en.Exists():
			c.Reply.Null()
			return nil
		case stuck && tries == randomTries, c.Live(en):
			c.Reply.Bulk(en.Key())
			return nil
		}
	}
}
