package tidy

import "testing"

func TestFloors(t *testing.T) {
	house := []room{
		{path: "low", floor: 0, may: []string{}},
		{path: "data/...", floor: 1, may: []string{"data/..."}, same: true},
		{path: "picky", floor: 2, may: []string{"data/..."}},
		{path: "engine", floor: 4, never: []string{"control"}},
		{path: "engine/...", floor: 5, never: []string{"control"}},
		{path: "control", floor: 3},
		{path: "cmd/...", floor: 7},
		{path: "tests/...", floor: floorT},
	}
	floors := checkFloors(house)
	run(t, []breach{
		{"downwards", floors, "-- engine/a.go --\npackage engine\nimport _ \"valkey/data/x\"", nil},
		{"upwards", floors, "-- data/a.go --\npackage data\nimport _ \"valkey/engine\"", []string{
			"data/a.go:2: data must not import engine: floor 4 is not below floor 1"}},
		{"sideways", floors, "-- engine/a/a.go --\npackage a\nimport _ \"valkey/engine/b\"", []string{
			"engine/a/a.go:2: engine/a must not import engine/b: floor 5 is not below floor 5"}},
		{"sideways in one room", floors, "-- data/x/a.go --\npackage x\nimport _ \"valkey/data/y\"", nil},
		{"not on the list", floors, "-- picky/a.go --\npackage picky\nimport _ \"valkey/low\"", []string{
			"picky/a.go:2: picky must not import low: this room may import data/..."}},
		{"planes", floors, "-- engine/a.go --\npackage engine\nimport _ \"valkey/control\"", []string{
			"engine/a.go:2: engine must not import control: the data plane and the control plane do not know each other"}},
		{"planes in an external test", floors, "-- engine/a_test.go --\npackage engine_test\nimport _ \"valkey/control\"",
			[]string{"engine/a_test.go:2: engine must not import control: " +
				"the data plane and the control plane do not know each other"}},
		{"external test goes up", floors, "-- data/a_test.go --\npackage data_test\nimport _ \"valkey/engine\"", nil},
		{"internal test does not", floors, "-- data/a_test.go --\npackage data\nimport _ \"valkey/engine\"", []string{
			"data/a_test.go:2: data must not import engine: floor 4 is not below floor 1"}},
		{"test support", floors, "-- engine/a.go --\npackage engine\nimport _ \"valkey/tests/x\"", []string{
			"engine/a.go:2: engine must not import tests/x: test support is for external _test packages"}},
		{"test support in a main", floors, "-- cmd/a/a.go --\npackage main\nimport _ \"valkey/tests/x\"", nil},
		{"no room", floors, "-- attic/a.go --\npackage attic", []string{
			"attic/a.go: the folder is in no room: add it to the table in floors.go"}},
	})
}

func TestForeign(t *testing.T) {
	run(t, []breach{
		{"stdlib", checkForeign, "-- store/a.go --\npackage store\nimport _ \"math/bits\"", nil},
		{"unknown", checkForeign, "-- store/a.go --\npackage store\nimport _ \"example.com/x\"", []string{
			"store/a.go:2: store must not import example.com/x: " +
				"the module is not in the table of floors.go; the standard library comes first"}},
		{"shell logs", checkForeign, "-- server/a.go --\npackage server\nimport _ \"github.com/rs/zerolog\"", nil},
		{"engine does not", checkForeign, "-- server/engine/a.go --\npackage engine\nimport _ \"github.com/rs/zerolog\"",
			[]string{"server/engine/a.go:2: server/engine must not import github.com/rs/zerolog: only shells log"}},
		{"in tests only", checkForeign, "-- store/a.go --\npackage store\nimport _ \"go.uber.org/goleak\"\n" +
			"-- store/a_test.go --\npackage store\nimport _ \"go.uber.org/goleak\"", []string{
			"store/a.go:2: store must not import go.uber.org/goleak: finds goroutines that were left"}},
	})
}

func TestPure(t *testing.T) {
	pure := checkPure([]room{{path: "pure", pure: true}, {path: "shell"}})
	const clock = "import (\n\t\"time\"\n\t\"math/rand/v2\"\n)\n" +
		"func f() { go f(); _ = time.Now(); _ = time.Second; rand.IntN(3); rand.New(rand.NewPCG(1, 2)) }"
	run(t, []breach{
		{"impure", pure, "-- pure/a.go --\npackage pure\n" + clock, []string{
			"pure/a.go:6: a pure floor starts a goroutine: goroutines belong to a shell",
			"pure/a.go:6: a pure floor calls time.Now: time is an argument",
			"pure/a.go:6: a pure floor calls rand.IntN: a seeded source is an argument"}},
		{"renamed", pure, "-- pure/a.go --\npackage pure\nimport clock \"time\"\nvar _ = clock.Now()", []string{
			"pure/a.go:3: a pure floor calls time.Now: time is an argument"}},
		{"import", pure, "-- pure/a.go --\npackage pure\nimport _ \"net\"", []string{
			"pure/a.go:2: a pure floor imports net: sockets belong to a shell"}},
		{"local name", pure, "-- pure/a.go --\npackage pure\nimport \"time\"\nvar _ time.Time\n" +
			"func f(time interface{ Now() }) { time.Now() }", nil},
		{"shell", pure, "-- shell/a.go --\npackage shell\n" + clock, nil},
		{"test", pure, "-- pure/a_test.go --\npackage pure\n" + clock, nil},
	})
}
