// Package metrics holds what a server remembers about its own speed: latency histograms of commands, the latency
// monitor's event series, the command log. All of it is pure: time comes in as an argument, and memory is bounded.
package metrics
