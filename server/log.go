package server

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
)

// newLog makes the server's log: structured inside, on the outside the line format that log-format asks for, which
// existing tools parse.
func newLog(out io.Writer, f *logFormat) zerolog.Logger {
	return zerolog.New(&logWriter{out: out, format: f}).With().Timestamp().Logger()
}

// logFormat is how lines look; CONFIG SET changes it while lines are written.
type logFormat struct {
	level     atomic.Int32 // configs.Loglevel
	shape     atomic.Int32 // configs.LogFormat
	timestamp atomic.Int32 // configs.LogTimestampFormat
	role      atomic.Int32 // 'M' or 'S'
}

func (f *logFormat) set(c *configs.Server) {
	f.level.Store(int32(c.Loglevel))
	f.shape.Store(int32(c.LogFormat))
	f.timestamp.Store(int32(c.LogTimestampFormat))
	f.role.Store('M')
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
		return 0, fmt.Errorf("server: log event: %w", err)
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
		return 0, fmt.Errorf("server: log: %w", err)
	}
	return len(event), nil
}

func (w *logWriter) line(level int, message, fields string) string {
	stamp, pid, role := w.timestamp(time.Now()), strconv.Itoa(os.Getpid()), byte(w.format.role.Load())
	roleName := "primary"
	if role == 'S' {
		roleName = "replica"
	}
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

// excerptBytes is how much of a request that cannot be read goes into the log.
const excerptBytes = 128

// excerpt shows the beginning and the end of what a client sent, unless clients' data is to stay out of the log.
func (s *Server) excerpt(b []byte) string {
	if s.config.HideUserDataFromLog {
		return "*redacted*"
	}
	if len(b) < excerptBytes {
		return "'" + printable(b) + "'"
	}
	return fmt.Sprintf("'%s' (... more %d bytes ...) '%s'", printable(b[:excerptBytes/2]), len(b)-excerptBytes,
		printable(b[len(b)-excerptBytes/2:]))
}

// printable replaces every byte that is not printable ASCII.
func printable(b []byte) string {
	out := bytes.Clone(b)
	for i, c := range out {
		if c < ' ' || c > '~' {
			out[i] = '.'
		}
	}
	return string(out)
}
