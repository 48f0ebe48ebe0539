// Package commandtest proves declarations of package command true. From a command's argument grammar it generates
// calls inside and outside of it, derives the arity, and tells whether a given call is inside; the honesty tests of
// the servers run those calls against the handlers.
//
// Promises: everything is derived from the seed that a Generator is made of, so a failure can be repeated. Nothing
// here is safe for several goroutines at once.
//
// Start reading at CheckArity and CheckGrammar, the rungs.
package commandtest

import (
	"errors"
	"fmt"

	"valkey/frontend/command"
)

// Arity derives a command's arity from its arguments: the fewest words of a call, names included, negative if there
// are longer calls.
func Arity(d *command.Decl) int {
	n, open := shortest(d.Args)
	n += len(nameWords(d))
	if open {
		return -n
	}
	return n
}

// CheckArity reports a declared arity that differs from the derived one. A container's own arity says only that a
// subcommand must, or need not, follow.
func CheckArity(d *command.Decl) error {
	if d.IsContainer() {
		if d.Arity != -2 && d.Arity != -1 {
			return fmt.Errorf("%s: arity %d of a container", d.FullName, d.Arity)
		}
		return nil
	}
	if n := Arity(d); n != d.Arity {
		return fmt.Errorf("%s: arity is %d, but its arguments say %d", d.FullName, d.Arity, n)
	}
	return nil
}

// An Outcome is what became of a call.
type Outcome uint8

// The outcomes of a call.
const (
	Done    Outcome = iota // it was carried out
	Failed                 // an error, but none about the call's form: a value, a type, a state was wrong
	Refused                // a syntax error, an unknown option or a wrong number of arguments
)

// CheckGrammar runs n generated calls inside the command's grammar, which must not be refused, and as many outside of
// it as can be told, which must not be done: an error about a value may come before the one about the form. The
// generated values are arbitrary, so strings that have to be of a kind (a command's name, a category) make exceptions.
func CheckGrammar(g *Generator, d *command.Decl, n int, run func(argv [][]byte) Outcome) error {
	var errs []error
	for range n {
		if argv := g.Valid(d); run(argv) == Refused {
			errs = append(errs, fmt.Errorf("%s: refused, though its grammar has it: %q", d.FullName, argv))
		}
		if argv, ok := g.Invalid(d); ok && run(argv) == Done {
			errs = append(errs, fmt.Errorf("%s: done, though its grammar has it not: %q", d.FullName, argv))
		}
	}
	return errors.Join(errs...)
}

// shortest is the fewest words that a sequence of arguments takes, and whether it can take more.
func shortest(args []command.Arg) (n int, open bool) {
	for i := range args {
		if args[i].Optional {
			open = true
			continue
		}
		words, more := shortestGiven(&args[i])
		n += words
		open = open || more
	}
	return n, open
}

// shortestGiven is the same of one argument that is given; an alternative is, optional or not.
func shortestGiven(a *command.Arg) (n int, open bool) {
	switch a.Type {
	case command.ArgToken:
		return 1, a.Multiple
	case command.ArgBlock:
		n, open = shortest(a.Args)
	case command.ArgOneOf:
		n, open = shortestGiven(&a.Args[0])
		for i := range a.Args {
			words, more := shortestGiven(&a.Args[i])
			open = open || more || words != n
			n = min(n, words)
		}
	default:
		n = 1
	}
	if a.Token != "" {
		n++
	}
	return n, open || a.Multiple
}
