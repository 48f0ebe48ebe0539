package command

import "errors"

// A KeyRef is a key of a call.
type KeyRef struct {
	Index int // in argv
	Flags KeyFlag
}

// A KeyFinder finds the keys of a call in its own way. It gets calls of any shape that satisfies the arity, appends
// to dst, and reports ErrKeys for calls whose keys cannot be told.
type KeyFinder func(argv [][]byte, dst []KeyRef) ([]KeyRef, error)

// ErrKeys says that the keys of a call cannot be told: the handler will find a syntax error in it.
var ErrKeys = errors.New("command: keys cannot be found")

// AppendKeys appends the keys of a call to dst, in the order of the key specs. On ErrKeys nothing is appended; for a
// command with NoMandatoryKeys there is no error, just no key. Fake keys (NotKey) are left out.
func (d *Decl) AppendKeys(argv [][]byte, dst []KeyRef) ([]KeyRef, error) {
	if d.FirstKey > 0 && d.FindKeys == nil && d.FirstKey < len(argv) {
		return append(dst, KeyRef{Index: d.FirstKey, Flags: d.Keys[0].Flags}), nil
	}
	keep := len(dst)
	var err error
	if d.FindKeys != nil {
		dst, err = d.FindKeys(argv, dst)
	} else {
		for i := range d.Keys {
			if d.Keys[i].Flags&NotKey == 0 {
				if dst, err = d.Keys[i].appendKeys(argv, dst); err != nil {
					break
				}
			}
		}
	}
	if err != nil && d.Flags.Has(NoMandatoryKeys) {
		err = nil
		dst = dst[:keep]
	}
	if err != nil {
		return dst[:keep], err
	}
	return dst, nil
}

// appendKeys appends what one spec finds: possibly nothing, if its keyword is absent.
func (k *KeySpec) appendKeys(argv [][]byte, dst []KeyRef) ([]KeyRef, error) {
	first := k.Index
	switch k.Begin {
	case BeginKeyword:
		if first = k.afterKeyword(argv); first == 0 {
			return dst, nil
		}
	case BeginUnknown:
		return dst, ErrKeys
	}
	var last int
	switch k.Find {
	case FindRange:
		last = k.rangeEnd(first, len(argv))
	case FindKeyNum:
		if first+k.NumIndex >= len(argv) {
			return dst, ErrKeys
		}
		n, ok := parseKeyNum(argv[first+k.NumIndex])
		if !ok {
			return dst, ErrKeys
		}
		first += k.FirstKey
		last = first + (n-1)*k.Step
	default:
		return dst, ErrKeys
	}
	if first >= len(argv) || last >= len(argv) || last < first || k.Flags&Incomplete != 0 {
		return dst, ErrKeys
	}
	for i := first; i <= last; i += k.Step {
		dst = append(dst, KeyRef{Index: i, Flags: k.Flags})
	}
	return dst, nil
}

// afterKeyword returns the index after the spec's keyword, or 0 if it is absent.
func (k *KeySpec) afterKeyword(argv [][]byte) int {
	if k.StartFrom > 0 {
		// The last argument cannot be the keyword: nothing follows it.
		for i := k.StartFrom; i < len(argv)-1; i++ {
			if equalFold(argv[i], k.Keyword) {
				return i + 1
			}
		}
		return 0
	}
	for i := len(argv) + k.StartFrom; i > 1; i-- {
		if i < len(argv) && equalFold(argv[i], k.Keyword) {
			return i + 1
		}
	}
	return 0
}

func (k *KeySpec) rangeEnd(first, argc int) int {
	switch {
	case k.LastKey >= 0:
		return first + k.LastKey
	case k.MaxFraction == 0:
		return argc + k.LastKey
	default:
		return first + (argc-first)/k.MaxFraction - 1
	}
}

// keyNumMax bounds an argument that counts keys; no call has more arguments than a multibulk header can announce.
const keyNumMax = 1<<31 - 1

// parseKeyNum reads a count of keys as strictly as the handlers do: decimal digits, no sign, no leading zero.
func parseKeyNum(b []byte) (n int, ok bool) {
	if len(b) == 0 || b[0] == '0' && len(b) > 1 {
		return 0, false
	}
	for _, c := range b {
		if c < '0' || '9' < c || n > keyNumMax/10 {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, n <= keyNumMax
}
