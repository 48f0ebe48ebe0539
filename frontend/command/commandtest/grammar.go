package commandtest

import (
	"strconv"

	"valkey/frontend/command"
)

// Accepts reports whether a call is inside the command's grammar, as to its form: what is a string can be any word,
// an integer must look like one, and options that begin with a token can change places.
func Accepts(d *command.Decl, argv [][]byte) bool {
	names := nameWords(d)
	if len(argv) < len(names) {
		return false
	}
	for i, n := range names {
		if !command.IsToken(argv[i], n) {
			return false
		}
	}
	m := matcher{argv: argv}
	return m.sequence(d.Args, 0, len(names), func(at int) bool { return at == len(argv) })
}

// A matcher finds a way through a grammar by trying all: each method matches at a place and hands every place where
// the match can end to next, until next is content.
type matcher struct{ argv [][]byte }

// sequence matches args; used has a bit for each option of the run at the front that is matched already.
func (m *matcher) sequence(args []command.Arg, used uint64, at int, next func(int) bool) bool {
	if len(args) == 0 {
		return next(at)
	}
	if run := optionRun(args); run > 0 {
		for i := range run {
			if used&(1<<i) != 0 {
				continue
			}
			given := func(end int) bool { return m.sequence(args, used|1<<i, end, next) }
			if m.repeated(&args[i], at, given) {
				return true
			}
		}
		return m.sequence(args[run:], 0, at, next)
	}
	if counts(args, 0) {
		return m.withToken(&args[0], at, func(at int) bool { return m.counted(args, at, next) })
	}
	rest := func(end int) bool { return m.sequence(args[1:], 0, end, next) }
	return m.repeated(&args[0], at, rest) || args[0].Optional && rest(at)
}

// counted matches a number and as many of the argument after it.
func (m *matcher) counted(args []command.Arg, at int, next func(int) bool) bool {
	if at >= len(m.argv) {
		return false
	}
	n, err := strconv.Atoi(string(m.argv[at]))
	if err != nil || n < 0 || n > len(m.argv) || n == 0 && !args[1].Optional {
		return false
	}
	var times func(left, at int) bool
	times = func(left, at int) bool {
		if left == 0 {
			return m.sequence(args[2:], 0, at, next)
		}
		return m.value(&args[1], at, func(end int) bool { return end > at && times(left-1, end) })
	}
	return times(n, at+1)
}

// repeated matches an argument as often as it may be given, once at least.
func (m *matcher) repeated(a *command.Arg, at int, next func(int) bool) bool {
	return m.withToken(a, at, func(at int) bool {
		return m.value(a, at, func(end int) bool { return next(end) || a.Multiple && end > at && m.again(a, end, next) })
	})
}

func (m *matcher) again(a *command.Arg, at int, next func(int) bool) bool {
	value := func(at int) bool {
		return m.value(a, at, func(end int) bool { return next(end) || end > at && m.again(a, end, next) })
	}
	if a.MultipleToken {
		return m.withToken(a, at, value)
	}
	return value(at)
}

func (m *matcher) withToken(a *command.Arg, at int, next func(int) bool) bool {
	if a.Type == command.ArgToken || a.Token == "" {
		return next(at)
	}
	return at < len(m.argv) && command.IsToken(m.argv[at], a.Token) && next(at+1)
}

// value matches one value of the argument, without the token before it.
func (m *matcher) value(a *command.Arg, at int, next func(int) bool) bool {
	switch a.Type {
	case command.ArgBlock:
		return m.sequence(a.Args, 0, at, next)
	case command.ArgOneOf:
		for i := range a.Args {
			if m.repeated(&a.Args[i], at, next) {
				return true
			}
		}
		return false
	}
	return at < len(m.argv) && fits(a, m.argv[at]) && next(at+1)
}

func fits(a *command.Arg, word []byte) bool {
	var err error
	switch a.Type {
	case command.ArgToken:
		return command.IsToken(word, a.Token)
	case command.ArgInteger, command.ArgUnixTime:
		_, err = strconv.ParseInt(string(word), 10, 64)
	case command.ArgDouble:
		_, err = strconv.ParseFloat(string(word), 64)
	}
	return err == nil
}
