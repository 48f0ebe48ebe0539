package configs

import "strings"

// NotifyFlags is the value of notify-keyspace-events: where events go and which classes of them.
type NotifyFlags uint32

// The destinations and classes of events; the letter is what the configuration calls them.
const (
	NotifyKeyspace NotifyFlags = 1 << iota // K: to __keyspace@<db>__:<key>
	NotifyKeyevent                         // E: to __keyevent@<db>__:<event>
	NotifyGeneric                          // g: commands of every type, such as DEL and EXPIRE
	NotifyString                           // $
	NotifyList                             // l
	NotifySet                              // s
	NotifyHash                             // h
	NotifyZset                             // z
	NotifyExpired                          // x
	NotifyEvicted                          // e
	NotifyStream                           // t
	NotifyModule                           // d
	NotifyNew                              // n: a key that did not exist before; not part of A
	NotifyKeyMiss                          // m: a read of a key that does not exist; not part of A

	// NotifyAll is A: every class but n and m.
	NotifyAll = NotifyGeneric | NotifyString | NotifyList | NotifySet | NotifyHash | NotifyZset | NotifyExpired |
		NotifyEvicted | NotifyStream | NotifyModule
)

// notifyLetters pairs letters with flags in the order in which they are shown. n is shown only without A: Valkey leaves
// it out beside A, and what CONFIG GET shows is part of the wire.
var notifyLetters = []struct {
	letter byte
	flag   NotifyFlags
}{
	{'g', NotifyGeneric}, {'$', NotifyString}, {'l', NotifyList}, {'s', NotifySet}, {'h', NotifyHash},
	{'z', NotifyZset}, {'x', NotifyExpired}, {'e', NotifyEvicted}, {'t', NotifyStream}, {'d', NotifyModule},
	{'n', NotifyNew}, {'K', NotifyKeyspace}, {'E', NotifyKeyevent}, {'m', NotifyKeyMiss},
}

// notifyInsideA is what A hides when the flags are shown.
const notifyInsideA = NotifyAll | NotifyNew

// String writes the flags as CONFIG GET shows them.
func (f NotifyFlags) String() string {
	var b strings.Builder
	whole := f&NotifyAll == NotifyAll
	if whole {
		b.WriteByte('A')
	}
	for _, l := range notifyLetters {
		if f&l.flag != 0 && !(whole && l.flag&notifyInsideA != 0) {
			b.WriteByte(l.letter)
		}
	}
	return b.String()
}

// parseNotify reads the letters of notify-keyspace-events; ok is false at the first one it does not know.
func parseNotify(letters string) (f NotifyFlags, ok bool) {
next:
	for i := range len(letters) {
		if letters[i] == 'A' {
			f |= NotifyAll
			continue
		}
		for _, l := range notifyLetters {
			if l.letter == letters[i] {
				f |= l.flag
				continue next
			}
		}
		return 0, false
	}
	return f, true
}
