// Package mem is the memory that holds the data set: an arena outside the Go heap, so that the garbage collector
// neither scans nor moves nor counts it.
//
// An Arena reserves one contiguous range of addresses up front and hands out pieces of it as Refs: offsets in units of
// 8 bytes, which fit into 40 bits and mean the same wherever they are stored. Growth therefore copies nothing.
//
//	≤ 1 KiB     slabs of one size class each, classes 8 bytes apart
//	≤ 32 KiB    slabs too, classes at most 12.5 % apart
//	larger      spans of whole pages of their own
//
// Pages come from free spans (merged with their neighbours when freed), then from the never-used top. Freed pages stay
// with the arena until Release gives them back to the system, a bounded slice at a time.
//
// An Arena belongs to one goroutine at a time; only Prefault may run beside it. All unsafe code of the store is in this
// package and starts from one base pointer. A reader starts with arena.go, then slab.go and span.go.
package mem
