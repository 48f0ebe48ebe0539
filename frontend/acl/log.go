package acl

import "slices"

// Log is what ACL LOG shows: the latest denials, the last first.
type Log struct {
	entries []Entry
	next    int64 // number of the next new entry
}

// Context is where a denied command came from.
type Context uint8

// The contexts.
const (
	TopLevel Context = iota
	InMulti
	InLua
	InScript
)

// String is the word of ACL LOG.
func (c Context) String() string {
	switch c {
	case TopLevel:
		return "toplevel"
	case InMulti:
		return "multi"
	case InLua:
		return "lua"
	case InScript:
		return "script"
	}
	return "unknown"
}

// Entry is a denial, or several alike that followed one another.
type Entry struct {
	ID        int64
	Count     int64
	Reason    Reason
	Context   Context
	Object    string // the command, key, channel or database
	User      string
	Client    string // the last client, as CLIENT LIST describes it
	CreatedMs int64  // Unix time
	UpdatedMs int64
}

const (
	groupedMs    = 60_000 // denials alike within this time are one entry
	groupedAmong = 10     // looked for among so many of the latest
)

// Add records a denial at a time, with entry's Reason, Context, Object, User and Client. limit is acllog-max-len.
func (l *Log) Add(e Entry, nowMs int64, limit int) {
	if limit <= 0 {
		l.Reset()
		return
	}
	for i := range l.entries[:min(len(l.entries), groupedAmong)] {
		o := &l.entries[i]
		if o.Reason != e.Reason || o.Context != e.Context || o.Object != e.Object || o.User != e.User ||
			nowMs-o.UpdatedMs > groupedMs || o.UpdatedMs-nowMs > groupedMs {
			continue
		}
		o.Count++
		o.Client, o.UpdatedMs = e.Client, nowMs
		first := *o
		copy(l.entries[1:i+1], l.entries[:i])
		l.entries[0] = first
		return
	}
	e.ID, e.Count, e.CreatedMs, e.UpdatedMs = l.next, 1, nowMs, nowMs
	l.next++
	l.entries = slices.Insert(l.entries, 0, e)
	if len(l.entries) > limit {
		l.entries = slices.Delete(l.entries, limit, len(l.entries))
	}
}

// Latest returns up to n entries, the last first. The slice is the log's own.
func (l *Log) Latest(n int) []Entry { return l.entries[:max(0, min(n, len(l.entries)))] }

// Reset forgets all entries; numbers go on.
func (l *Log) Reset() { l.entries = nil }
