package main

import (
	"testing"
	"time"
)

func TestPercentile(t *testing.T) {
	var r result
	for i := range 1000 {
		r.latency = append(r.latency, time.Duration(1000-i))
	}
	for p, want := range map[float64]time.Duration{0: 1, 0.5: 501, 0.999: 1000, 1: 1000} {
		if got := r.percentile(p); got != want {
			t.Errorf("%v: got %d, want %d", p, got, want)
		}
	}
}

func TestRequestDigits(t *testing.T) {
	for _, op := range []string{"GET", "SET"} {
		l := load{op: op, valueBytes: 7, pipeline: 1}
		b := l.appendCommand(nil)
		at := len(b) - 2 - keyDigits
		if op == "SET" {
			at -= len(bulkHeader(7)) + 9
		}
		setDigits(b[at:], 42)
		want := "*2\r\n$3\r\nGET\r\n$16\r\nkey:000000000042\r\n"
		if op == "SET" {
			want = "*3\r\n$3\r\nSET\r\n$16\r\nkey:000000000042\r\n$7\r\nxxxxxxx\r\n"
		}
		if string(b) != want {
			t.Errorf("got %q", b)
		}
	}
}

func TestCSVRate(t *testing.T) {
	const head = "\"test\",\"rps\",\"avg_latency_ms\"\n"
	if got, err := csvRate(head + "\"GET key:__rand_int__\",\"123456.50\",\"0.2\"\n"); err != nil || got != 123456.5 {
		t.Errorf("%v, %v", got, err)
	}
	for _, bad := range []string{"", head, "Could not connect"} {
		if got, err := csvRate(bad); err == nil {
			t.Errorf("%q is %v", bad, got)
		}
	}
}
