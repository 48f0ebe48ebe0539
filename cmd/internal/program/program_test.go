package program

import (
	"errors"
	"fmt"
	"testing"

	"valkey/sentinel"
)

// TestExitCodes tells a crash that was asked for from every other end.
func TestExitCodes(t *testing.T) {
	for err, want := range map[error]int{
		fmt.Errorf("serve: %w", sentinel.ErrCrashed): 99,
		errors.New("another"):                        1,
	} {
		if got := exitCode(err); got != want {
			t.Errorf("%v: %d, not %d", err, got, want)
		}
	}
}
