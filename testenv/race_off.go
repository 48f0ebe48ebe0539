//go:build !race

package testenv

// raceEnabled tells that the tests run under the race detector, and so should the server.
const raceEnabled = false
