package testenv

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"valkey/internal/invariant"
)

// binVariable names the folder of the binaries under test. Main sets it after a build; set by hand, it replaces the
// build.
const binVariable = "VALKEY_BIN"

// Main builds the server into a temporary folder, runs the tests of a package and returns the exit code.
// VALKEY_BIN=<folder> tests binaries that are there already, such as ones built with -race.
func Main(m *testing.M) int {
	flag.Parse()
	if os.Getenv(binVariable) != "" {
		return m.Run()
	}
	dir, err := os.MkdirTemp("", "valkey-bin-")
	if err != nil {
		fmt.Fprintln(os.Stderr, "testenv:", err)
		return 1
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder that stays is no failure of the tests
	if err := Build(dir); err != nil {
		fmt.Fprintln(os.Stderr, "testenv:", err)
		return 1
	}
	if err := os.Setenv(binVariable, dir); err != nil {
		fmt.Fprintln(os.Stderr, "testenv:", err)
		return 1
	}
	return m.Run()
}

// Build compiles the programs of this repository into a folder, the way the test itself was compiled: under the race
// detector, with assertions, or as they are shipped.
func Build(dir string) error {
	root, err := moduleRoot()
	if err != nil {
		return err
	}
	args, env := []string{"build", "-o", dir + string(filepath.Separator)}, "CGO_ENABLED=0"
	if raceEnabled {
		args, env = append(args, "-race"), "CGO_ENABLED=1"
	}
	if invariant.Enabled {
		args = append(args, "-tags", "invariants")
	}
	cmd := exec.Command("go", append(args, "./cmd/...")...)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), env)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("testenv: go build ./cmd/...: %w\n%s", err, out)
	}
	return nil
}

// moduleRoot walks up to the folder of go.mod.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("testenv: %w", err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", fmt.Errorf("testenv: no go.mod above the working folder")
		}
		dir = up
	}
}
