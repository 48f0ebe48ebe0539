// Package testenv drives real processes from tests: it builds this repository's server once, starts it on a free port
// in a folder of its own, waits until it answers, and talks to it with a client that knows both protocols and trusts
// nothing. It also finds a real Valkey to compare with, and says so loudly when there is none.
//
// A package that uses it has
//
//	func TestMain(m *testing.M) { os.Exit(testenv.Main(m)) }
//
// and starts servers with [Start]. Everything ends with the test that started it; the server's log is shown when that
// test fails. Nothing here sleeps: [Eventually] polls with a deadline. Methods of one Client or Server belong to one
// goroutine. Start reading at server.go.
package testenv
