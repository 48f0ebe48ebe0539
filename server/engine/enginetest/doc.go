// Package enginetest runs commands on an engine without a network, in virtual time: for scripts that say what commands
// reply, which effects they leave for the AOF and the replicas, and which events they publish.
//
// A family's test feeds the steps of testdata scripts to a Server:
//
//	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
//		s := enginetest.New(t, strings.Commands, keys.Commands)
//		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
//			return s.Step(d.Cmd, d.Input)
//		})
//	})
//
// The steps are
//
//	run           each line of the input is a command of the client c1, or of another one: `c2: GET k`
//	effects       run that also shows, behind >, what the command left for the AOF and the replicas
//	events        run that also shows, behind !, the keyspace events of every class with their database
//	all           both
//	advance       lets the time in the input pass (1500ms), and what comes with it: timeouts, a tick
//	config        sets directives: `maxmemory-policy allkeys-lfu` a line
//	hold          stops the background cycle that removes expired keys
//	stats         counts hits, misses, expired and evicted keys, and changes, since the last such step
//
// Arguments are quoted as in redis-cli. A reply stands on one line; a client that is sent something without having
// asked, or later, shows it as `c2 <- reply`. Beside every script runs a cut of the data, which must find what there
// was when it began, whatever the commands do, and which they must not notice. Start reading at Server.Step.
package enginetest
