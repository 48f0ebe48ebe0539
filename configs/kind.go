package configs

import (
	"fmt"
	"strings"
)

// lineKind is the type of a value on the lines of a file: how it is read and written. A field is a pointer to the
// directive's field of a Server or a Sentinel.
type lineKind interface {
	// set reads the words that follow the directive's name: exactly one, but for a MultiArg directive and for rows of a
	// sentinel that say otherwise. On an error, whose text is Valkey's, the field may be left in any state.
	set(field any, args []string) error
	// lines writes the value as lines of a file; none at all makes the file forget the directive.
	lines(field any) []line
}

// kind is the type of a directive's value also for CONFIG.
type kind interface {
	lineKind
	// reset sets the default.
	reset(field any)
	// get writes the value as CONFIG GET shows it.
	get(field any) string
}

// line is what stands after the name on a line of the file. A line with the default value, where forced is false, is
// written only if the file has one already.
type line struct {
	text   string
	forced bool
}

// refusal is why a value cannot be taken, in Valkey's words.
type refusal string

func (r refusal) Error() string { return string(r) }

const (
	errArgCount = refusal("wrong number of arguments")
	errNotDir   = refusal("Not a directory")
)

// yesno is a directive with a value of yes or no.
type yesno struct {
	def   bool
	check func(bool) error // nil takes both
}

func (k yesno) reset(field any) { *field.(*bool) = k.def }

func (k yesno) set(field any, args []string) error {
	v := strings.EqualFold(args[0], "yes")
	if !v && !strings.EqualFold(args[0], "no") {
		return refusal("argument must be 'yes' or 'no'")
	}
	if k.check != nil {
		if err := k.check(v); err != nil {
			return err
		}
	}
	*field.(*bool) = v
	return nil
}

func (k yesno) get(field any) string {
	if *field.(*bool) {
		return "yes"
	}
	return "no"
}

func (k yesno) lines(field any) []line { return []line{{k.get(field), *field.(*bool) != k.def}} }

// text is a directive with any text as its value.
type text struct {
	def   string
	unset bool               // the empty string means: not set; the file then has no line
	check func(string) error // nil takes all
}

func (k text) reset(field any) { *field.(*string) = k.def }

func (k text) set(field any, args []string) error {
	if k.check != nil {
		if err := k.check(args[0]); err != nil {
			return err
		}
	}
	*field.(*string) = args[0]
	return nil
}

func (k text) get(field any) string { return *field.(*string) }

func (k text) lines(field any) []line {
	v := *field.(*string)
	if k.unset && v == "" {
		return nil
	}
	return []line{{quote(v), v != k.def}}
}

// enum is a directive with one of some words as its value: T(i) is words[i].
type enum[T ~int] struct {
	words []string
	def   T
}

func (k enum[T]) reset(field any) { *field.(*T) = k.def }

func (k enum[T]) set(field any, args []string) error {
	if i, ok := findWord(k.words, args[0]); ok {
		*field.(*T) = T(i)
		return nil
	}
	return errNotOneOf(k.words)
}

func (k enum[T]) get(field any) string { return enumName(k.words, *field.(*T)) }

func (k enum[T]) lines(field any) []line { return []line{{k.get(field), *field.(*T) != k.def}} }

func findWord(words []string, word string) (int, bool) {
	for i, w := range words {
		if strings.EqualFold(w, word) {
			return i, true
		}
	}
	return 0, false
}

func errNotOneOf(words []string) error {
	return refusal(fmt.Sprintf("argument(s) must be one of the following: %s", strings.Join(words, ", ")))
}
