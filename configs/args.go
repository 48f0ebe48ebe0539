package configs

import "strings"

// arguments is what the arguments of the program ask for.
type arguments struct {
	file  string
	stdin bool
	lines string // the options as lines of a file
}

// parseArgs turns options into lines: "--name" begins one, and what follows, up to the next option, are its values. A
// value may begin with dashes, since the word right after a name is always a value. Three manners are kept: --save
// without a value means an empty one, --sentinel without a value chooses the program, and "--port 7000" may be a single
// argument.
func parseArgs(args []string) arguments {
	var out arguments
	first := 0
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		out.file = args[0]
		first = 1
	}
	var b strings.Builder
	valued := true // the option begun last has a value, so that another may begin
	for i := first; i < len(args); i++ {
		arg := args[i]
		switch {
		case arg == "-" && (i == 0 || i == len(args)-1):
			out.stdin = true
		case valued && strings.HasPrefix(arg, "--"):
			if b.Len() > 0 {
				b.WriteByte('\n')
			}
			b.WriteString(arg[2:] + " ")
			words, _ := splitWords(arg)
			last := i == len(args)-1
			valued = len(words) != 1
			if last || strings.HasPrefix(args[i+1], "--") {
				switch {
				case strings.EqualFold(arg, "--save"):
					b.WriteString(`""`)
					valued = true
				case strings.EqualFold(arg, "--sentinel"):
					valued = true
				}
			}
		default:
			b.WriteString(quote(arg) + " ")
			valued = true
		}
	}
	out.lines = b.String()
	return out
}
