package engine_test

import (
	"testing"

	"valkey/server/engine"
)

// TestErrorf holds a client's words in an error to what a real server sends: bytes, as far as the first zero byte.
func TestErrorf(t *testing.T) {
	for word, want := range map[string]string{
		"plain":         "ERR it is 'plain'.",
		"\xff\xc3(":     "ERR it is '\xff\xc3('.",
		"two\r\nlines":  "ERR it is 'two  lines'.",
		"ends\x00 here": "ERR it is 'ends'.",
		"\x00":          "ERR it is ''.",
	} {
		if got := engine.Errorf("it is '%s'.", []byte(word)); string(got) != want {
			t.Errorf("%q: %q, want %q", word, got, want)
		}
	}
	if got := engine.Errorf("it is %s", []byte("a\nline\r\n")); got != "ERR it is a line" {
		t.Errorf("at the end: %q", got)
	}
}
