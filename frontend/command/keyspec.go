package command

// A KeyFlag says what a command does with a key: one of the four accesses, any of the four uses, and remarks.
type KeyFlag uint16

// The access to the entry at a key; each key spec has exactly one, fake keys none or one.
const (
	RO KeyFlag = 1 << iota // reads the value
	RW                     // changes the value in place
	OW                     // replaces the value whatever it was
	RM                     // removes the key
)

// The use of the user's data under a key, and remarks on the spec.
const (
	Access        KeyFlag = 1 << (iota + 4) // user data is returned, copied or decided upon
	Update                                  // user data is changed
	Insert                                  // user data is added, none changed
	Delete                                  // user data is removed explicitly
	NotKey                                  // not a key, but routed in a cluster as one
	Incomplete                              // there are more keys than the spec finds
	VariableFlags                           // the flags depend on the arguments
	keyFlagEnd
)

const accessFlags = RO | RW | OW | RM

var keyFlagNames = []string{
	"RO", "RW", "OW", "RM", "access", "update", "insert", "delete", "not_key", "incomplete", "variable_flags",
}

// A Begin is the way a key spec finds its first key.
type Begin uint8

// The ways to find the first key.
const (
	BeginUnknown Begin = iota // not to be told by a rule
	BeginIndex                // at a fixed position
	BeginKeyword              // after a keyword
)

// A Find is the way a key spec goes on from its first key.
type Find uint8

// The ways to go on from the first key.
const (
	FindUnknown Find = iota // not to be told by a rule
	FindRange               // up to a last key, in steps
	FindKeyNum              // as many as an argument says
)

// A KeySpec is a rule for finding keys in a call, made by the Key functions.
type KeySpec struct {
	Flags KeyFlag
	Notes string

	Begin Begin
	// Index is where BeginIndex finds the first key; the command's name is at 0.
	Index int
	// Keyword, in upper case, is sought by BeginKeyword from StartFrom on; a negative StartFrom counts from the
	// end and seeks backwards.
	Keyword   string
	StartFrom int

	Find Find
	// LastKey is FindRange's last key, relative to the first if not negative, else from the end (-1 is the last
	// argument). MaxFraction, if above 1, ends a range with LastKey -1 after that fraction of the arguments left.
	LastKey     int
	Step        int // also of FindKeyNum
	MaxFraction int
	// NumIndex is where FindKeyNum reads the number of keys and FirstKey where the first of them stands, both
	// relative to what Begin found.
	NumIndex int
	FirstKey int
}

// KeyAt is a single key at a fixed position.
func KeyAt(index int, access, use KeyFlag) KeySpec { return KeyRange(index, 0, 1, access, use) }

// KeyRange is keys from index on to last, each step-th argument; see KeySpec.LastKey.
func KeyRange(index, last, step int, access, use KeyFlag) KeySpec {
	return KeySpec{
		Flags: access | use, Begin: BeginIndex, Index: index, Find: FindRange, LastKey: last, Step: step,
	}
}

// KeyNum is as many keys as the argument at index says, directly after it.
func KeyNum(index int, access, use KeyFlag) KeySpec {
	return KeySpec{
		Flags: access | use, Begin: BeginIndex, Index: index, Find: FindKeyNum, NumIndex: 0, FirstKey: 1, Step: 1,
	}
}

// KeyAfter is the one key after a keyword, which is sought from argument from on.
func KeyAfter(keyword string, from int, access, use KeyFlag) KeySpec {
	return KeyRangeAfter(keyword, from, 0, 1, access, use)
}

// KeyRangeAfter is keys after a keyword; see KeyAfter and KeyRange.
func KeyRangeAfter(keyword string, from, last, step int, access, use KeyFlag) KeySpec {
	return KeySpec{
		Flags: access | use, Begin: BeginKeyword, Keyword: keyword, StartFrom: from,
		Find: FindRange, LastKey: last, Step: step,
	}
}

// KeyUnknown is keys that no rule finds: Spec.FindKeys does.
func KeyUnknown(access, use KeyFlag) KeySpec { return KeySpec{Flags: access | use} }

// Half ends a range to the end of the call after half of the arguments left (XREAD's keys, then as many ids).
func (k KeySpec) Half() KeySpec {
	k.MaxFraction = 2
	return k
}

// Every makes the keys stand step apart (MSETEX's keys, each with its value).
func (k KeySpec) Every(step int) KeySpec {
	k.Step = step
	return k
}

// Note adds a remark for readers of COMMAND INFO.
func (k KeySpec) Note(text string) KeySpec {
	k.Notes = text
	return k
}
