package admin_test

import (
	"strings"
	"testing"

	"valkey/server/engine/admin"
	"valkey/server/engine/enginetest"
)

func TestLolWut(t *testing.T) {
	s := enginetest.New(t, admin.Commands)
	for _, args := range []string{
		"", "VERSION 5", "VERSION 6", "VERSION 9", "VERSION 1", "version 5 1 1 1", "version 5 99999 999 999",
		"version 5 -1 -1 -1", "version 6 0 0", "version 6 9999 9999", "1 1", "0 -5", "1000 1000", "10 10 0.5 -0.5",
		"10 10 1e308 -1e308",
	} {
		got := s.Do(append([]string{"LOLWUT"}, strings.Fields(args)...)...)
		if !strings.HasSuffix(got, `Valkey ver. \n"`) { // the test's host has no version
			t.Errorf("LOLWUT %s: %s", args, got)
		}
	}
	for args, want := range map[string]string{
		"x y":         "(error) ERR value is not an integer or out of range",
		"VERSION x":   "(error) ERR value is not an integer or out of range",
		"1":           "(error) ERR Syntax error. Use: LOLWUT [columns rows] [real imaginary]",
		"1 2 3":       "(error) ERR Syntax error. Use: LOLWUT [columns rows] [real imaginary]",
		"x 2 nan 4":   "(error) ERR value is not an integer or out of range",
		"1 2 nan 4":   "(error) ERR value is not a valid float",
		"VERSION 6 x": "(error) ERR value is not an integer or out of range",
	} {
		if got := s.Do(append([]string{"LOLWUT"}, strings.Fields(args)...)...); got != want {
			t.Errorf("LOLWUT %s: %s", args, got)
		}
	}
}
