package shell

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"sort"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"valkey/configs"
	"valkey/frontend/session"
)

// Log is a server's log: structured inside, on the outside the line format that log-format asks for, which existing
// tools parse.
type Log struct {
	zerolog.Logger
	format logFormat
	sink   logSink
}

// OpenLog makes the log that a configuration asks for. role is the letter that legacy lines show: M, S or X.
func OpenLog(c *configs.Server, role byte) (*Log, error) {
	l := &Log{}
	l.SetFormat(c)
	l.SetRole(role)
	if err := l.sink.reopen(c.Logfile); err != nil {
		return nil, err
	}
	l.Logger = zerolog.New(&logWriter{out: &l.sink, format: &l.format}).With().Timestamp().Logger()
	return l, nil
}

// SetFormat follows a change of loglevel, log-format or log-timestamp-format.
func (l *Log) SetFormat(c *configs.Server) { l.format.set(c) }

// SetRole changes the letter that legacy lines show.
func (l *Log) SetRole(role byte) { l.format.role.Store(int32(role)) }

// Reopen directs the log to another file; an empty name is standard output. On an error the old one stays.
func (l *Log) Reopen(name string) error { return l.sink.reopen(name) }

// Line writes a line of one of session's levels.
func (l *Log) Line(level int, message string) {
	switch level {
	case session.LogDebug:
		l.Debug().Msg(message)
	case session.LogVerbose:
		l.Trace().Msg(message)
	case session.LogNotice:
		l.Info().Msg(message)
	default:
		l.Warn().Msg(message)
	}
}

// logFormat is how lines look; CONFIG SET changes it while lines are written.
type logFormat struct {
	level     atomic.Int32 // configs.Loglevel
	shape     atomic.Int32 // configs.LogFormat
	timestamp atomic.Int32 // configs.LogTimestampFormat
	role      atomic.Int32 // 'M', 'S' or 'X'
}

func (f *logFormat) set(c *configs.Server) {
	f.level.Store(int32(c.Loglevel))
	f.shape.Store(int32(c.LogFormat))
	f.timestamp.Store(int32(c.LogTimestampFormat))
}

// logWriter turns zerolog's events into lines. Log lines are rare: clarity goes before speed here.
type logWriter struct {
	out    io.Writer
	format *logFormat
}

// zerolog's levels in the order of Valkey's four, with the character that a legacy line shows.
var levels = []struct {
	zero  string
	name  string
	mark  byte
	level configs.Loglevel
}{
	{"debug", "debug", '.', configs.LogDebug},
	{"trace", "verbose", '-', configs.LogVerbose},
	{"info", "notice", '*', configs.LogNotice},
	{"warn", "warning", '#', configs.LogWarning},
	{"error", "warning", '#', configs.LogWarning},
}

// Write formats one event.
func (w *logWriter) Write(event []byte) (int, error) {
	var fields map[string]any
	d := json.NewDecoder(bytes.NewReader(event))
	d.UseNumber() // a large number is to be shown as it is
	if err := d.Decode(&fields); err != nil {
		return 0, fmt.Errorf("shell: log event: %w", err)
	}
	at := 2
	for i, l := range levels {
		if l.zero == fields[zerolog.LevelFieldName] {
			at = i
		}
	}
	if int32(levels[at].level) < w.format.level.Load() {
		return len(event), nil
	}
	message, _ := fields[zerolog.MessageFieldName].(string)
	line := w.line(at, message, extra(fields))
	if _, err := io.WriteString(w.out, line); err != nil {
		return 0, fmt.Errorf("shell: log: %w", err)
	}
	return len(event), nil
}

func (w *logWriter) line(level int, message, fields string) string {
	stamp, pid, role := w.timestamp(time.Now()), strconv.Itoa(os.Getpid()), byte(w.format.role.Load())
	roleName := map[byte]string{'M': "primary", 'S': "replica", 'X': "sentinel"}[role]
	switch configs.LogFormat(w.format.shape.Load()) {
	case configs.LogFormatLogfmt:
		return fmt.Sprintf("pid=%s role=%s timestamp=%q level=%s message=%q%s\n", pid, roleName, stamp, levels[level].name,
			message, fields)
	case configs.LogFormatJSON:
		return fmt.Sprintf(`{"pid":%s,"role":"%s","timestamp":"%s","level":"%s","message":%s}`+"\n", pid, roleName, stamp,
			levels[level].name, jsonText(message+fields))
	default:
		return pid + ":" + string(role) + " " + stamp + " " + string(levels[level].mark) + " " + message + fields + "\n"
	}
}

// jsonText quotes a text for JSON.
func jsonText(text string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(text); err != nil {
		return `""` // no string fails to encode
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func (w *logWriter) timestamp(now time.Time) string {
	switch configs.LogTimestampFormat(w.format.timestamp.Load()) {
	case configs.LogTimestampISO8601:
		return now.Format("2006-01-02T15:04:05.000-07:00")
	case configs.LogTimestampMilliseconds:
		return strconv.FormatInt(now.UnixMilli(), 10)
	}
	return now.Format("02 Jan 2006 15:04:05.000")
}

// extra prints an event's own fields behind the message, sorted.
func extra(fields map[string]any) string {
	var parts []string
	for k, v := range fields {
		switch k {
		case zerolog.LevelFieldName, zerolog.MessageFieldName, zerolog.TimestampFieldName, "component":
			continue
		}
		parts = append(parts, fmt.Sprintf(" %s=%v", k, v))
	}
	sort.Strings(parts)
	return strings.Join(parts, "")
}
