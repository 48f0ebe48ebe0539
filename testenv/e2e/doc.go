// Package e2e drives the server's binary from outside: how it starts, stops, refuses and survives. Its tests carry the
// build tag e2e and run by `make e2e`.
package e2e
