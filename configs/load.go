package configs

import (
	"errors"
	"io"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"valkey/internal/vfs"
)

// Source is where a configuration comes from.
type Source struct {
	FS    vfs.FS
	Dir   string    // the working folder of the process, absolute; Dir of the result starts from it
	Args  []string  // of the program, without its name
	Stdin io.Reader // read if an argument "-" asks for it

	// Sentinel says that the program is a sentinel: sentinel lines are read, and the file must be there for state.
	Sentinel bool
}

// Load reads the configuration that the arguments name: [file] [-] [--name value…]… with "-" at either end. Of what
// stands in the defaults, the file, standard input and the arguments, the later wins. An error is a *LoadError.
func Load(src Source) (*Config, error) {
	args := parseArgs(src.Args)
	c := New()
	c.Dir = src.Dir
	if src.Sentinel {
		c.Sentinel = NewSentinel()
		c.Port, c.ProtectedMode = sentinelPort, false
	}
	l := &loader{fs: src.FS, server: &c.Server, sentinel: c.Sentinel}
	var text string
	if args.file != "" {
		c.File = joinPath(src.Dir, args.file)
		var err error
		if text, err = l.readFile(c.File); err != nil {
			return nil, err
		}
	}
	fileLines := strings.Count(text, "\n") + 1
	if args.stdin {
		data, err := io.ReadAll(io.LimitReader(src.Stdin, fileBytesMax+1))
		if err != nil || len(data) > fileBytesMax {
			return nil, &LoadError{Reason: "Can't read the configuration from standard input"}
		}
		text += string(data)
	}
	text += "\n" + args.lines
	if err := l.parse(c.File, fileLines, text); err != nil {
		return nil, err
	}
	if err := l.finish(); err != nil {
		return nil, err
	}
	if c.Sentinel != nil {
		if err := l.loadSentinel(); err != nil {
			return nil, err
		}
		if err := checkStateFile(src.FS, c.File); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// loader fills a Server from lines.
type loader struct {
	fs     vfs.FS
	server *Server
	saved  bool // a save line was read: those of the defaults are gone, and further ones add to it
	depth  int  // of the include being read
	files  int  // read so far

	sentinel *Sentinel // nil in a data server
	queued   []sentinelLine
}

// parse reads the lines of a text of which the first fileLines are from file.
func (l *loader) parse(file string, fileLines int, text string) error {
	n := 0
	for raw := range strings.SplitSeq(text, "\n") {
		if n++; n > fileLines {
			file = ""
		}
		place := Place{file, n, strings.Trim(raw, " \t\r\n")}
		if place.Text == "" || place.Text[0] == '#' {
			continue
		}
		words, ok := splitWords(place.Text)
		if !ok {
			return place.Refuse("Unbalanced quotes in configuration line")
		}
		if len(words) == 0 {
			continue
		}
		if err := l.directive(place, strings.ToLower(words[0]), words[1:]); err != nil {
			if e, ok := errors.AsType[*LoadError](err); ok {
				return e
			}
			return place.Refuse(Strerror(err))
		}
	}
	return nil
}

// retired directives had a meaning in older versions; a line with one is skipped.
var retired = []string{"list-max-ziplist-entries", "list-max-ziplist-value", "lua-replicate-commands",
	"io-threads-do-reads", "dynamic-hz", "events-per-io-thread", "sanitize-dump-payload"}

func (l *loader) directive(place Place, name string, args []string) error {
	if d, ok := Lookup(name); ok {
		return l.set(d, args)
	}
	switch {
	case slices.Contains(retired, name) && len(args) == 1:
		return nil
	case name == "include" && len(args) == 1:
		return l.include(args[0])
	case name == "rename-command" && len(args) == 2:
		l.server.RenameCommand = append(l.server.RenameCommand, Rename{args[0], args[1], place})
		return nil
	case name == "user" && len(args) >= 1:
		l.server.User = append(l.server.User, UserLine{args, place})
		return nil
	case name == "loadmodule" && len(args) >= 1:
		return refusal("Modules are not supported, so loadmodule has nothing to load")
	case strings.Contains(name, "."):
		return refusal("Modules are not supported, and this is a directive of one")
	case name == "sentinel" && len(args) == 0 && l.sentinel != nil:
		return nil // the argument that chooses the program
	case name == "sentinel" && l.sentinel == nil:
		return refusal("sentinel directive while not in sentinel mode")
	case name == "sentinel":
		return l.queueSentinel(place, args)
	}
	return refusal("Bad directive or wrong number of arguments")
}

func (l *loader) set(d *Directive, args []string) error {
	switch {
	case !d.Has(MultiArg):
		if len(args) != 1 {
			return errArgCount
		}
	case len(args) == 1 && args[0] != "":
		// A list may come as one word, as it does from the command line: --save "900 1".
		var ok bool
		if args, ok = splitWords(args[0]); !ok {
			return refusal("Unbalanced quotes in configuration line")
		}
	}
	if d.Name == "save" && !l.saved {
		l.saved = true
		l.server.Save = nil
	}
	if err := d.set(l.server, args); err != nil {
		return err
	}
	if d.Name == "dir" {
		return l.checkDir()
	}
	return nil
}

// checkDir is done at once, because includes further down are relative to dir.
func (l *loader) checkDir() error {
	f, err := l.fs.Stat(l.server.Dir)
	if err != nil {
		return err
	}
	if !f.IsDir() {
		return errNotDir
	}
	return nil
}

// include reads a file, or with a pattern all files that match it, also none.
func (l *loader) include(name string) error {
	name = joinPath(l.server.Dir, name)
	names := []string{name}
	if strings.ContainsAny(name, "*?[") {
		names = l.glob(name)
	}
	if l.depth++; l.depth > includeDepthMax {
		return refusal("include files are nested too deeply")
	}
	for _, name := range names {
		text, err := l.readFile(name)
		if err != nil {
			return err
		}
		if err := l.parse(name, strings.Count(text, "\n")+1, text); err != nil {
			return err
		}
	}
	l.depth--
	return nil
}

// glob gives the files that match an absolute pattern, in order.
func (l *loader) glob(pattern string) []string {
	found := []string{"/"}
	for part := range strings.SplitSeq(strings.Trim(pattern, "/"), "/") {
		var next []string
		for _, dir := range found {
			if !strings.ContainsAny(part, "*?[") {
				if _, err := l.fs.Stat(path.Join(dir, part)); err == nil {
					next = append(next, path.Join(dir, part))
				}
				continue
			}
			names, err := l.fs.ReadDir(dir)
			if err != nil {
				continue
			}
			for _, name := range names {
				hidden := name[0] == '.' && part[0] != '.'
				if ok, err := filepath.Match(part, name); err == nil && ok && !hidden {
					next = append(next, path.Join(dir, name))
				}
			}
		}
		found = next
	}
	return found
}

func (l *loader) readFile(name string) (string, error) {
	if l.files++; l.files > includeFilesMax {
		return "", refusal("too many configuration files")
	}
	data, err := vfs.ReadFile(l.fs, name, fileBytesMax)
	if err != nil {
		return "", &LoadError{Reason: "Fatal error, can't open config file '" + name + "': " + Strerror(err)}
	}
	return string(data), nil
}

// finish checks what no single line can be blamed for.
func (l *loader) finish() error {
	if l.server.Logfile != "" {
		f, err := l.fs.OpenAppend(joinPath(l.server.Dir, l.server.Logfile), 0o644)
		if err != nil {
			return &LoadError{Reason: "Can't open the log file: " + Strerror(err)}
		}
		_ = f.Close() // nothing was written: it was only opened to see whether it can be
	}
	if l.server.ClusterEnabled && l.server.Replicaof.Host != "" {
		return &LoadError{Reason: "replicaof directive not allowed in cluster mode"}
	}
	return nil
}
