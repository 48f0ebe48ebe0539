package commandtest

import (
	"math/rand/v2"
	"strconv"
	"strings"

	"valkey/frontend/command"
)

const (
	// repeatMax is how often a generated call repeats an argument at most.
	repeatMax = 3
	// mutationsMax is how many ways Invalid tries to spoil a call.
	mutationsMax = 8
	// alien is a word that no grammar has as a token.
	alien = "no-such-token"
	// someday is a Unix time far ahead, read as seconds or as milliseconds.
	someday = "4102444800000"
)

// A Generator makes up calls. The same seed makes up the same calls.
type Generator struct{ rand *rand.Rand }

// NewGenerator makes a generator of a seed.
func NewGenerator(seed uint64) *Generator { return &Generator{rand.New(rand.NewPCG(seed, 0))} }

// Valid makes up a call inside the command's grammar, its names included.
func (g *Generator) Valid(d *command.Decl) [][]byte {
	words := g.sequence(nameWords(d), d.Args)
	argv := make([][]byte, len(words))
	for i, w := range words {
		argv[i] = []byte(w)
	}
	return argv
}

// Invalid makes up a call with the right number of words that has a word outside the command's grammar: one too many
// or one in place of a token. For many commands there is none; then ok is false.
func (g *Generator) Invalid(d *command.Decl) (argv [][]byte, ok bool) {
	for range mutationsMax {
		argv = g.Valid(d)
		names := len(nameWords(d))
		if at := names + g.rand.IntN(len(argv)-names+1); at < len(argv) {
			if !isToken(d.Args, argv[at]) {
				continue
			}
			argv[at] = []byte(alien)
		} else {
			argv = append(argv, []byte(alien))
		}
		if d.ArityOK(len(argv)) && !Accepts(d, argv) {
			return argv, true
		}
	}
	return nil, false
}

func nameWords(d *command.Decl) []string { return strings.Split(d.FullName, "|") }

// isToken reports whether the word is a token anywhere in the grammar.
func isToken(args []command.Arg, word []byte) bool {
	for i := range args {
		if args[i].Token != "" && command.IsToken(word, args[i].Token) || isToken(args[i].Args, word) {
			return true
		}
	}
	return false
}

// sequence appends the words of arguments in order, except that options change places as clients may change them.
func (g *Generator) sequence(words []string, args []command.Arg) []string {
	for i := 0; i < len(args); {
		run := optionRun(args[i:])
		if run == 0 {
			if counts(args, i) {
				words = g.counted(words, &args[i], &args[i+1])
				i += 2
			} else {
				words = g.argument(words, &args[i])
				i++
			}
			continue
		}
		order := g.rand.Perm(run)
		for _, j := range order {
			words = g.argument(words, &args[i+j])
		}
		i += run
	}
	return words
}

// optionRun is how many arguments from the first on are options whose order is free: each begins with a token, and
// none can swallow the next.
func optionRun(args []command.Arg) (n int) {
	for n < len(args) && args[n].Optional && leadsWithToken(&args[n]) && !(args[n].Multiple && !args[n].MultipleToken) {
		n++
	}
	return n
}

func leadsWithToken(a *command.Arg) bool {
	switch {
	case a.Token != "":
		return true
	case a.Type == command.ArgBlock:
		return !a.Args[0].Optional && leadsWithToken(&a.Args[0])
	case a.Type == command.ArgOneOf:
		for i := range a.Args {
			if !leadsWithToken(&a.Args[i]) {
				return false
			}
		}
		return true
	}
	return false
}

// counts reports whether args[i] says how often the next argument is given (numkeys, numfields…). The grammar has no
// notion of that beyond the name.
func counts(args []command.Arg, i int) bool {
	return args[i].Type == command.ArgInteger && strings.HasPrefix(args[i].Name, "num") &&
		i+1 < len(args) && args[i+1].Multiple && args[i+1].Token == ""
}

func (g *Generator) counted(words []string, count, repeated *command.Arg) []string {
	n := 1 + g.rand.IntN(repeatMax)
	if count.Token != "" {
		words = append(words, g.anyCase(count.Token))
	}
	words = append(words, strconv.Itoa(n))
	for range n {
		words = g.value(words, repeated)
	}
	return words
}

func (g *Generator) argument(words []string, a *command.Arg) []string {
	if a.Optional && g.rand.IntN(2) == 0 {
		return words
	}
	times := 1
	if a.Multiple {
		times += g.rand.IntN(repeatMax)
	}
	for i := range times {
		if a.Type != command.ArgToken && a.Token != "" && (i == 0 || a.MultipleToken) {
			words = append(words, g.anyCase(a.Token))
		}
		words = g.value(words, a)
	}
	return words
}

// value appends one value of the argument, without the token before it.
func (g *Generator) value(words []string, a *command.Arg) []string {
	switch a.Type {
	case command.ArgToken:
		return append(words, g.anyCase(a.Token))
	case command.ArgBlock:
		return g.sequence(words, a.Args)
	case command.ArgOneOf:
		one := a.Args[g.rand.IntN(len(a.Args))]
		one.Optional = false
		return g.argument(words, &one)
	case command.ArgInteger:
		return append(words, strconv.Itoa(1+g.rand.IntN(9)))
	case command.ArgDouble:
		return append(words, strconv.FormatFloat(float64(g.rand.IntN(1000))/8, 'g', -1, 64))
	case command.ArgUnixTime:
		return append(words, someday)
	case command.ArgKey:
		return append(words, "key:"+strconv.Itoa(g.rand.IntN(4)))
	case command.ArgPattern:
		return append(words, "*"+strconv.Itoa(g.rand.IntN(4)))
	default:
		return append(words, "word"+strconv.Itoa(g.rand.IntN(4)))
	}
}

func (g *Generator) anyCase(token string) string {
	if g.rand.IntN(2) == 0 {
		return strings.ToLower(token)
	}
	return token
}
