package configs

// ShutdownFlags is the value of shutdown-on-sigint and shutdown-on-sigterm: a set of SHUTDOWN's options.
type ShutdownFlags int

// The options; none of them is "default".
const (
	ShutdownSave ShutdownFlags = 1 << iota
	ShutdownNosave
	ShutdownNow
	ShutdownForce
	ShutdownSafe
	ShutdownFailover
)

// shutdownWords pairs the words of the configuration with the flags, in the order in which they are shown.
var shutdownWords = []struct {
	word string
	flag ShutdownFlags
}{
	{"default", 0}, {"save", ShutdownSave}, {"nosave", ShutdownNosave}, {"now", ShutdownNow}, {"force", ShutdownForce},
	{"safe", ShutdownSafe}, {"failover", ShutdownFailover},
}

// String writes the flags as CONFIG GET shows them.
func (f ShutdownFlags) String() string {
	if f == 0 {
		return shutdownWords[0].word
	}
	var s string
	for _, w := range shutdownWords[1:] {
		if f&w.flag != 0 {
			if s != "" {
				s += " "
			}
			s += w.word
		}
	}
	return s
}
