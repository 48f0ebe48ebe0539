package metrics

// CommandLog is a bounded list of noteworthy commands, newest first: SLOWLOG and each type of COMMANDLOG.
type CommandLog struct {
	entries []LogEntry // oldest first
	nextID  int64
}

// LogEntry is one logged command.
type LogEntry struct {
	ID       int64
	UnixTime int64 // seconds
	Value    int64 // microseconds, or bytes of request or reply
	Argv     []string
	Peer     string
	Name     string // the client's name
}

// Limits of what an entry keeps of a command; beyond, a note says how much was left out (Valkey's numbers).
const (
	LogArgsMax  = 32
	LogBytesMax = 128
)

// Add puts an entry in; capacity is the configured length, and older entries beyond it fall out.
func (l *CommandLog) Add(e LogEntry, capacity int) {
	e.ID = l.nextID
	l.nextID++
	l.entries = append(l.entries, e)
	l.Trim(capacity)
}

// Trim drops the oldest entries beyond capacity.
func (l *CommandLog) Trim(capacity int) {
	if over := len(l.entries) - max(capacity, 0); over > 0 {
		clear(l.entries[:over])
		l.entries = l.entries[over:]
	}
}

// Len is the number of entries.
func (l *CommandLog) Len() int { return len(l.entries) }

// Reset drops all entries; ids go on.
func (l *CommandLog) Reset() { l.entries = nil }

// Newest yields up to n entries, newest first; n < 0 means all.
func (l *CommandLog) Newest(n int) func(yield func(*LogEntry) bool) {
	return func(yield func(*LogEntry) bool) {
		for i := len(l.entries) - 1; i >= 0 && n != 0; i, n = i-1, n-1 {
			if !yield(&l.entries[i]) {
				return
			}
		}
	}
}
