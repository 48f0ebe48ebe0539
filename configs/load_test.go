package configs

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"valkey/internal/vfs"
)

// put writes a file and the folders above it, all durable.
func put(t testing.TB, fsys vfs.FS, name, text string) {
	t.Helper()
	if err := fsys.MkdirAll(path.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	f, err := fsys.Create(name, 0o640)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.Write([]byte(text))
	if err := errors.Join(err, f.Sync(), f.Close(), fsys.SyncDir(path.Dir(name))); err != nil {
		t.Fatal(err)
	}
}

// load loads with the given files in place; in is standard input.
func load(t testing.TB, files map[string]string, in string, args ...string) (*Config, error) {
	t.Helper()
	fsys := vfs.NewMem()
	for name, text := range files {
		put(t, fsys, name, text)
	}
	if err := fsys.MkdirAll("/srv", 0o755); err != nil {
		t.Fatal(err)
	}
	return Load(Source{FS: fsys, Dir: "/srv", Args: args, Stdin: strings.NewReader(in)})
}

func TestLoadArguments(t *testing.T) {
	file := map[string]string{"/srv/a.conf": "port 1\nsave 900 1\nmaxmemory 1gb\n"}
	for _, tc := range []struct {
		args []string
		in   string
		want string // settings that must be there, as name=value in a list
	}{
		{nil, "", "port=6379, save=3600 1 300 100 60 10000, dir=/srv"},
		{[]string{"--port", "7000", "--save", "900", "1"}, "", "port=7000, save=900 1"},
		{[]string{"--port 7000", "--hz 50"}, "", "port=7000, hz=50"},
		{[]string{"--save", "900 1", "--save", "60 5"}, "", "save=900 1 60 5"},
		{[]string{"--save", "", "--port", "3"}, "", "save=, port=3"},
		{[]string{"--save", "--port", "3"}, "", "save=, port=3"},
		{[]string{"--port", "3", "--save"}, "", "save=, port=3"},
		{[]string{"--save", "900", "1", "--save", ""}, "", "save="},
		{[]string{"--requirepass", "--secret", "--port", "4"}, "", "requirepass=--secret, port=4"},
		{[]string{"--proc-title-template", "--my {title}", "--bind", "::1", "-127.0.0.1"}, "",
			"proc-title-template=--my {title}, bind=::1 -127.0.0.1"},
		{[]string{"--requirepass", "a\n\"b\x00 c"}, "", "requirepass=a\n\"b\x00 c"},
		{[]string{"--shutdown-on-sigint", "nosave force"}, "", "shutdown-on-sigint=nosave force"},
		{[]string{"a.conf"}, "", "port=1, save=900 1, maxmemory=1073741824"},
		{[]string{"a.conf", "--save", "60", "1", "--PORT", "9"}, "", "port=9, save=900 1 60 1"},
		{[]string{"a.conf", "-"}, "port 2\n", "port=2, maxmemory=1073741824"},
		{[]string{"a.conf", "--hz", "9", "-"}, "port 2\nhz 8", "port=2, hz=9"},
		{[]string{"-"}, "port 5", "port=5"},
		{[]string{"-", "--port", "6"}, "port 5", "port=6"},
	} {
		c, err := load(t, file, tc.in, tc.args...)
		if err != nil {
			t.Errorf("%q: %v", tc.args, err)
			continue
		}
		for setting := range strings.SplitSeq(tc.want, ", ") {
			name, want, _ := strings.Cut(setting, "=")
			if got := c.Get(name)[0].Value; got != want {
				t.Errorf("%q: %s is %q, not %q", tc.args, name, got, want)
			}
		}
	}
	if c, err := load(t, file, "", "../srv/a.conf"); err != nil || c.File != "/srv/a.conf" {
		t.Errorf("File is %q (%v)", c.File, err)
	}
}

func TestLoadFile(t *testing.T) {
	c, err := load(t, map[string]string{
		"/srv/main.conf": "# a comment\r\n\r\n  PORT 1\r\n\tslave-read-only no\t\n" +
			"bind 127.0.0.1 -::1\nbind \"10.0.0.1 10.0.0.2\"\nsave 900 1\nsave 60 1000\nio-threads-do-reads yes\n" +
			"client-output-buffer-limit normal 1mb 0 0\nclient-output-buffer-limit pubsub 1mb 1kb 3\n" +
			"requirepass \"a\\x20b\"\nlogfile 'log file'\ndir sub\ninclude more/*.conf\ninclude ../plain\n" +
			"rename-command FLUSHALL \"\"\nrename-command get g\nuser alice on >x ~* +@all\nuser bob off\n",
		"/srv/sub/more/1.conf": "hz 20\n", "/srv/sub/more/2.conf": "hz 30", "/srv/sub/more/.hidden.conf": "hz 40",
		"/srv/sub/more/x.txt": "nonsense", "/srv/plain": "timeout 7\ninclude /srv/none/*\n",
	}, "", "main.conf")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []Setting{
		{"port", "1"}, {"replica-read-only", "no"}, {"bind", "10.0.0.1 10.0.0.2"}, {"save", "900 1 60 1000"},
		{"client-output-buffer-limit", "normal 1048576 0 0 slave 268435456 67108864 60 pubsub 1048576 1024 3"},
		{"requirepass", "a b"}, {"logfile", "log file"}, {"dir", "/srv/sub"}, {"hz", "30"}, {"timeout", "7"},
	} {
		if got := c.Get(want.Name)[0]; got != want {
			t.Errorf("got %q, not %q", got, want)
		}
	}
	for i, want := range []Rename{{From: "FLUSHALL", To: ""}, {From: "get", To: "g"}} {
		if got := c.RenameCommand[i]; got.From != want.From || got.To != want.To {
			t.Errorf("a command is renamed from %q to %q", got.From, got.To)
		}
	}
	if !slices.Equal(c.User[0].Words, []string{"alice", "on", ">x", "~*", "+@all"}) || c.User[1].Place.Line != 20 {
		t.Errorf("users are %v", c.User)
	}
}

// TestLoadRefusals also shows the form in which the program prints them.
func TestLoadRefusals(t *testing.T) {
	report := func(file string, line int, text, reason string) string {
		where := ""
		if file != "" {
			where = " of " + file
		}
		return fmt.Sprintf("\n*** FATAL CONFIG FILE ERROR (Version 9.1.2) ***\n"+
			"Reading the configuration file, at line %d%s\n>>> '%s'\n%s\n", line, where, text, reason)
	}
	files := map[string]string{
		"/srv/bad.conf": "port 1\n\n  foo bar  \n", "/srv/quote.conf": "port \"1\n", "/srv/loop": "include /srv/loop\n",
		"/srv/in.conf": "include bad.conf\n", "/srv/ok.conf": "port 1\n", "/srv/gone.conf": "hz 1\ninclude nosuch.conf\n",
		"/srv/many.conf": strings.Repeat("include /srv/m*y\n", 1100), "/srv/mmy": "port 1",
		"/srv/big.conf": strings.Repeat("#", fileBytesMax+1),
	}
	bad := "Bad directive or wrong number of arguments"
	for _, tc := range []struct {
		args []string
		want string
	}{
		{[]string{"bad.conf"}, report("/srv/bad.conf", 3, "foo bar", bad)},
		{[]string{"in.conf"}, report("/srv/bad.conf", 3, "foo bar", bad)},
		{[]string{"quote.conf"}, report("/srv/quote.conf", 1, `port "1`, "Unbalanced quotes in configuration line")},
		{[]string{"--port", "abc"}, report("", 2, `port "abc"`, "argument couldn't be parsed into an integer")},
		{[]string{"ok.conf", "--hz", "1", "--port", "abc"}, report("", 4, `port "abc"`,
			"argument couldn't be parsed into an integer")},
		{[]string{"--port", "1", "2"}, report("", 2, `port "1" "2"`, "wrong number of arguments")},
		{[]string{"--port"}, report("", 2, "port", "wrong number of arguments")},
		{[]string{"--port", "70000"}, report("", 2, `port "70000"`, "argument must be between 0 and 65535 inclusive")},
		{[]string{"--unixsocketperm", "999"}, report("", 2, `unixsocketperm "999"`,
			"argument couldn't be parsed as an octal number")},
		{[]string{"--unixsocketperm", "1000"}, report("", 2, `unixsocketperm "1000"`,
			"argument must be between 0 and 777 inclusive")},
		{[]string{"--dbfilename", "a/b"}, report("", 2, `dbfilename "a/b"`,
			"dbfilename can't be a path, just a filename")},
		{[]string{"--dir", "nosuch"}, report("", 2, `dir "nosuch"`, "No such file or directory")},
		{[]string{"--dir", "ok.conf"}, report("", 2, `dir "ok.conf"`, "Not a directory")},
		{[]string{"--hash-seed", strings.Repeat("x", 257)}, report("", 2, `hash-seed "`+strings.Repeat("x", 257)+`"`,
			"hash-seed must be less than or equal to 256 characters")},
		{[]string{"--replicaof", "h", "x"}, report("", 2, `replicaof "h" "x"`, "Invalid primary port")},
		{[]string{"--save", "a'"}, report("", 2, `save "a'"`, "Unbalanced quotes in configuration line")},
		{[]string{"--loadmodule", "x.so"}, report("", 2, `loadmodule "x.so"`,
			"Modules are not supported, so loadmodule has nothing to load")},
		{[]string{"--sentinel"}, report("", 2, "sentinel", "sentinel directive while not in sentinel mode")},
		{[]string{"loop"}, report("/srv/loop", 1, "include /srv/loop", "include files are nested too deeply")},
		{[]string{"many.conf"}, report("/srv/many.conf", 1024, "include /srv/m*y", "too many configuration files")},
		{[]string{"nosuch.conf"}, "\n*** FATAL CONFIG FILE ERROR (Version 9.1.2) ***\n" +
			"Fatal error, can't open config file '/srv/nosuch.conf': No such file or directory\n"},
		{[]string{"gone.conf"}, "\n*** FATAL CONFIG FILE ERROR (Version 9.1.2) ***\n" +
			"Fatal error, can't open config file '/srv/nosuch.conf': No such file or directory\n"},
		{[]string{"big.conf"}, "\n*** FATAL CONFIG FILE ERROR (Version 9.1.2) ***\n" +
			"Fatal error, can't open config file '/srv/big.conf': File too large\n"},
		{[]string{"--logfile", "/no/log"}, "\n*** FATAL CONFIG FILE ERROR (Version 9.1.2) ***\n" +
			"Can't open the log file: No such file or directory\n"},
		{[]string{"--cluster-enabled", "yes", "--replicaof", "h", "1"}, "\n*** FATAL CONFIG FILE ERROR " +
			"(Version 9.1.2) ***\nreplicaof directive not allowed in cluster mode\n"},
	} {
		_, err := load(t, files, "", tc.args...)
		e, ok := errors.AsType[*LoadError](err)
		if !ok {
			t.Errorf("%q: %v", tc.args, err)
		} else if got := e.Report("9.1.2"); got != tc.want {
			t.Errorf("%q:\n got %q\nwant %q", tc.args, got, tc.want)
		}
	}
	_, err := Load(Source{FS: vfs.NewMem(), Dir: "/", Args: []string{"-"}, Stdin: iotest.ErrReader(errors.New("x"))})
	if err == nil {
		t.Error("an unreadable standard input was taken")
	}
}

// FuzzLoad loads any file. What loads must survive a rewrite: the rewritten file loads again, to the same values, and
// rewriting that changes nothing.
func FuzzLoad(f *testing.F) {
	f.Add("port 1\r\n# x\n\nsave 900 1\nsave \"60 1\"\nbind 1.2.3.4 -::1\nuser a on\nslave-read-only no\n")
	f.Add("client-output-buffer-limit replica 1gb 1k 3 normal 0 0 0\nmaxmemory 100kb\nmaxmemory-clients 7%\n" +
		"requirepass \"\\xff\"")
	f.Add("include /x*\nrename-command a \"\"\nnotify-keyspace-events AKEn\n" +
		"shutdown-on-sigint save now\nunixsocketperm 700\n")
	f.Add("replicaof h 1\nlatency-tracking-info-percentiles 1 2.5\noom-score-adj relative\nproc-title-template {{{port}\n")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := load(t, map[string]string{"/srv/f": text}, "", "f")
		if err != nil {
			return
		}
		again := c.rewritten(text, false)
		back, err := load(t, map[string]string{"/srv/f": again}, "", "f")
		if err != nil {
			t.Fatalf("rewritten as %q: %v", again, err)
		}
		were := c.Get("*")
		for i, s := range back.Get("*") {
			if was := were[i]; s != was {
				t.Fatalf("%q comes back as %q from %q", was, s, again)
			}
		}
		if third := back.rewritten(again, false); third != again {
			t.Fatalf("rewriting is not stable:\n%q\n%q", again, third)
		}
	})
}
