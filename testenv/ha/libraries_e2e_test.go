//go:build e2e

package ha_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"
	"github.com/valkey-io/valkey-go"

	"valkey/testenv/ha"
)

const (
	user, password = "app", "s3cret"
	// callMax is how long one call of a library may take, with the retries of its own.
	callMax = 2 * time.Second
)

// library is a client that finds the primary by the sentinels. Its connections have its name.
type library struct {
	name     string
	append   func(key, value string) error
	length   func(key string) (int64, error) // of the value, as a replica knows it
	anywhere bool                            // it may ask the primary for the length too
	// lonely says that it listens to one sentinel, and that when that one dies at once with the primary it asks
	// another within a minute only.
	lonely bool
}

// libraries connects each of them to the fleet.
func libraries(t *testing.T, f *ha.Fleet) []library {
	return slices.Concat(goRedis(t, f), valkeyGo(t, f), redisPy(t, f))
}

// url names the sentinels, the primary, and the user of both, as the libraries of Go want it.
func url(f *ha.Fleet) string {
	addrs := f.SentinelAddrs()
	return fmt.Sprintf("redis://%[1]s:%[2]s@%[4]s?username=%[1]s&password=%[2]s&master_name=%[3]s&addr=%[5]s&addr=%[6]s",
		user, password, ha.Name, addrs[0], addrs[1], addrs[2])
}

// goRedis is its failover client, with a second one that reads from replicas, and both ways in which its cluster client
// reads from them.
func goRedis(t *testing.T, f *ha.Fleet) []library {
	t.Helper()
	logging.Disable() // of each dial that failed
	options := func(more string) *redis.FailoverOptions {
		o, err := redis.ParseFailoverURL(url(f) + more)
		if err != nil {
			t.Fatal(err)
		}
		return o
	}
	one := func(name string, write, read redis.UniversalClient) library {
		t.Cleanup(func() { _ = errors.Join(write.Close(), read.Close()) })
		return library{
			name: name,
			append: func(key, value string) error {
				ctx, cancel := context.WithTimeout(t.Context(), callMax)
				defer cancel()
				return write.Append(ctx, key, value).Err()
			},
			length: func(key string) (int64, error) {
				ctx, cancel := context.WithTimeout(t.Context(), callMax)
				defer cancel()
				return read.StrLen(ctx, key).Result()
			},
		}
	}
	plain := one("go-redis", redis.NewFailoverClient(options("&client_name=go-redis")),
		redis.NewFailoverClient(options("&client_name=go-redis&replica_only=true")))
	c := redis.NewFailoverClusterClient(options("&client_name=go-redis-cluster&replica_only=true"))
	cluster := one("go-redis-cluster", c, c)
	c = redis.NewFailoverClusterClient(options("&client_name=go-redis-nearest&route_by_latency=true"))
	nearest := one("go-redis-nearest", c, c)
	cluster.lonely, nearest.lonely, nearest.anywhere = true, true, true
	return []library{plain, cluster, nearest}
}

// valkeyGo asks for ROLE after each change, and learns of changes by the sentinels' messages only.
func valkeyGo(t *testing.T, f *ha.Fleet) []library {
	t.Helper()
	// It goes without the cache that needs CLIENT TRACKING, which docs/compat.md has as missing.
	o, err := valkey.ParseURL(url(f) + "&master_set=" + ha.Name + "&client_name=valkey-go&client_cache=0")
	if err != nil {
		t.Fatal(err)
	}
	o.Sentinel.Username, o.Sentinel.Password = user, password
	o.SendToReplicas = func(cmd valkey.Completed) bool { return cmd.IsReadOnly() }
	c, err := valkey.NewClient(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	do := func(cmd valkey.Completed) (int64, error) {
		ctx, cancel := context.WithTimeout(t.Context(), callMax)
		defer cancel()
		return c.Do(ctx, cmd).AsInt64()
	}
	return []library{{
		name: "valkey-go",
		append: func(key, value string) error {
			_, err := do(c.B().Append().Key(key).Value(value).Build())
			return err
		},
		length: func(key string) (int64, error) { return do(c.B().Strlen().Key(key).Build()) },
	}}
}

// redisPy runs Debian's python3-redis, where it is installed: two processes, one to write and one to read.
func redisPy(t *testing.T, f *ha.Fleet) []library {
	for _, python := range []string{"python3", "/usr/bin/python3"} {
		if err := exec.Command(python, "-c", "import redis.sentinel").Run(); err != nil {
			continue
		}
		write, read := redisPyProcess(t, python, f), redisPyProcess(t, python, f)
		return []library{{
			name: "redis-py",
			append: func(key, value string) error {
				_, err := write(fmt.Sprintf("write %s %s\n", key, value))
				return err
			},
			length: func(key string) (int64, error) { return read(fmt.Sprintf("read %s\n", key)) },
		}}
	}
	t.Run("redis-py", func(t *testing.T) { t.Skip("SKIPPED: no Python has it here (apt-get install python3-redis)") })
	return nil
}

// redisPyProcess starts the script; what it gives sends a line and reads the answer.
func redisPyProcess(t *testing.T, python string, f *ha.Fleet) func(line string) (int64, error) {
	t.Helper()
	args := append([]string{"testdata/redispy.py", ha.Name, user, password}, f.SentinelAddrs()...)
	cmd := exec.Command(python, args...)
	in, err1 := cmd.StdinPipe()
	out, err2 := cmd.StdoutPipe()
	var trouble strings.Builder
	cmd.Stderr = &trouble
	if err := errors.Join(err1, err2, cmd.Start()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close() // which ends it
		if err := cmd.Wait(); err != nil {
			t.Errorf("redis-py: %v\n%s", err, trouble.String())
		}
	})
	answers := bufio.NewReader(out)
	return func(line string) (int64, error) {
		if _, err := in.Write([]byte(line)); err != nil {
			return 0, err
		}
		answer, err := answers.ReadString('\n')
		if err != nil {
			return 0, err
		}
		word, rest, _ := strings.Cut(strings.TrimSpace(answer), " ")
		if word != "ok" {
			return 0, errors.New(rest)
		}
		return strconv.ParseInt(rest, 10, 64)
	}
}

// readsFrom tells whether a server has seen the last command of a library's name.
func readsFrom(n *ha.Node, name string) bool {
	v, err := ha.Ask(n, time.Second, "CLIENT", "LIST")
	if err != nil {
		return false
	}
	for line := range strings.Lines(fmt.Sprint(v)) {
		words := strings.Fields(line)
		if slices.Contains(words, "name="+name) && slices.Contains(words, "cmd=strlen") {
			return true
		}
	}
	return false
}
