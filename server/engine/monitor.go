package engine

import "strconv"

// StartMonitor puts the calling client into MONITOR mode.
func (c *Call) StartMonitor() {
	c.Client.IsMonitor = true
	c.Monitors = append(c.Monitors, c.Client)
}

// feedMonitors shows a command to the clients in MONITOR mode: time, database, address, and each argument quoted.
func (e *Engine) feedMonitors(c *Call) {
	line := strconv.AppendInt([]byte{'+'}, e.NowUs()/1e6, 10)
	line = append(line, '.')
	micros := strconv.Itoa(int(e.NowUs() % 1e6))
	line = append(append(line, "000000"[len(micros):]...), micros...)
	line = append(line, " ["...)
	line = strconv.AppendInt(line, int64(c.Client.DB), 10)
	line = append(line, ' ')
	if c.Client.Link != nil {
		if c.Client.Link.IsUnix() {
			line = append(line, "unix:"...)
		}
		line = append(line, c.Client.Link.Remote()...)
	}
	line = append(line, ']')
	for i, a := range c.Logged() {
		line = append(line, ' ')
		if c.Redacted(i) {
			line = append(line, `"(redacted)"`...)
			continue
		}
		line = AppendQuoted(line, a)
	}
	line = append(line, "\r\n"...)
	for _, m := range e.Monitors {
		m.Push(line)
		e.OutputGrew(m)
	}
}

// AppendQuoted appends s in double quotes, with the escapes that Valkey uses for text that must fit on a line.
func AppendQuoted(b, s []byte) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	for _, ch := range s {
		switch {
		case ch == '\\' || ch == '"':
			b = append(b, '\\', ch)
		case ch == '\n':
			b = append(b, `\n`...)
		case ch == '\r':
			b = append(b, `\r`...)
		case ch == '\t':
			b = append(b, `\t`...)
		case ch == '\a':
			b = append(b, `\a`...)
		case ch == '\b':
			b = append(b, `\b`...)
		case ch < 32 || ch > 126:
			b = append(b, '\\', 'x', hex[ch>>4], hex[ch&15])
		default:
			b = append(b, ch)
		}
	}
	return append(b, '"')
}
