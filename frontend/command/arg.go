package command

// An ArgType is the kind of value that an argument takes.
type ArgType uint8

// The kinds of arguments; the zero ArgType is none of them and refused by NewTable.
const (
	_ ArgType = iota
	ArgString
	ArgInteger
	ArgDouble
	ArgKey
	ArgPattern
	ArgUnixTime
	ArgToken // a fixed word
	ArgOneOf // one of Args
	ArgBlock // all of Args, in order
	argTypeCount
)

var argTypeNames = [argTypeCount]string{
	ArgString: "string", ArgInteger: "integer", ArgDouble: "double", ArgKey: "key", ArgPattern: "pattern",
	ArgUnixTime: "unix-time", ArgToken: "pure-token", ArgOneOf: "oneof", ArgBlock: "block",
}

// String is the kind's name on the wire.
func (t ArgType) String() string {
	if t >= argTypeCount {
		return ""
	}
	return argTypeNames[t]
}

// NoKeySpec is the KeySpec of an Arg that no key spec finds.
const NoKeySpec = -1

// An Arg is a node of a command's argument grammar. It is made by the functions below and refined by its methods,
// each of which returns a changed copy: Int("count").Tok("COUNT").Opt().
type Arg struct {
	Name string
	Type ArgType
	// Token is the word itself for ArgToken (MIGRATE's is empty), else a word that precedes the value, or empty.
	Token string
	// KeySpec is the index in Spec.Keys of the rule that finds this argument, or NoKeySpec.
	KeySpec int
	// Args are the alternatives of ArgOneOf or the parts of ArgBlock.
	Args []Arg

	Optional bool
	Multiple bool
	// MultipleToken means that Token is repeated with each value.
	MultipleToken bool

	Display         string // shown instead of Name in a synopsis
	Summary         string
	Since           string
	DeprecatedSince string
}

// KeyArg is a key that Spec.Keys[spec] finds.
func KeyArg(name string, spec int) Arg { return Arg{Name: name, Type: ArgKey, KeySpec: spec} }

// Str is any string.
func Str(name string) Arg { return Arg{Name: name, Type: ArgString, KeySpec: NoKeySpec} }

// Int is an integer.
func Int(name string) Arg { return Arg{Name: name, Type: ArgInteger, KeySpec: NoKeySpec} }

// Dbl is a floating point number.
func Dbl(name string) Arg { return Arg{Name: name, Type: ArgDouble, KeySpec: NoKeySpec} }

// Pattern is a glob-style pattern.
func Pattern(name string) Arg { return Arg{Name: name, Type: ArgPattern, KeySpec: NoKeySpec} }

// UnixTime is a point in time, in seconds or milliseconds since 1970.
func UnixTime(name string) Arg { return Arg{Name: name, Type: ArgUnixTime, KeySpec: NoKeySpec} }

// Token is a fixed word, known to readers by name.
func Token(name, token string) Arg {
	return Arg{Name: name, Type: ArgToken, Token: token, KeySpec: NoKeySpec}
}

// OneOf is exactly one of several arguments.
func OneOf(name string, args ...Arg) Arg {
	return Arg{Name: name, Type: ArgOneOf, KeySpec: NoKeySpec, Args: args}
}

// Block is several arguments in order, as one.
func Block(name string, args ...Arg) Arg {
	return Arg{Name: name, Type: ArgBlock, KeySpec: NoKeySpec, Args: args}
}

// Opt makes the argument optional.
func (a Arg) Opt() Arg {
	a.Optional = true
	return a
}

// Many lets the argument be given more than once.
func (a Arg) Many() Arg {
	a.Multiple = true
	return a
}

// ManyTok lets the argument be given more than once, each time with its token.
func (a Arg) ManyTok() Arg {
	a.Multiple, a.MultipleToken = true, true
	return a
}

// Tok puts a fixed word before the value.
func (a Arg) Tok(token string) Arg {
	a.Token = token
	return a
}

// Spec names the key spec that finds an argument which is not of type key itself.
func (a Arg) Spec(index int) Arg {
	a.KeySpec = index
	return a
}

// From says since which version the argument exists.
func (a Arg) From(version string) Arg {
	a.Since = version
	return a
}

// Until says since which version the argument should not be used any more.
func (a Arg) Until(version string) Arg {
	a.DeprecatedSince = version
	return a
}

// Shown replaces the name in a synopsis.
func (a Arg) Shown(text string) Arg {
	a.Display = text
	return a
}

// Says adds a sentence about the argument.
func (a Arg) Says(summary string) Arg {
	a.Summary = summary
	return a
}

// IsToken reports whether what a client sent is a fixed word of the grammar; case does not matter.
func IsToken(sent []byte, token string) bool { return equalFold(sent, token) }
