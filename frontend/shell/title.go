package shell

import (
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"unsafe"

	"valkey/configs"
)

// Title is the line that the process list shows of this process. Linux shows the memory that the arguments came in, so
// that is what a title is written to.
type Title struct {
	space   []byte // the arguments, and the environment if it follows them, as the kernel laid them out
	program string // how the program was called
}

// TakeTitle makes the process's title writable. The arguments, which lie in its memory, move; the runtime has a copy of
// the environment. It must be called once, before anything else has seen the arguments, by the only goroutine.
func TakeTitle() *Title {
	if len(os.Args) == 0 {
		return &Title{}
	}
	start := unsafe.Pointer(unsafe.StringData(os.Args[0]))
	end := 0
	for _, s := range slices.Concat(os.Args, os.Environ()) {
		// Each text ends in a NUL, which Go does not count. Anything else is not where the kernel put it.
		if string(unsafe.Slice((*byte)(unsafe.Add(start, end)), len(s)+1)) != s+"\x00" {
			break
		}
		end += len(s) + 1
	}
	for i, a := range os.Args {
		os.Args[i] = strings.Clone(a)
	}
	return &Title{space: unsafe.Slice((*byte)(start), end), program: os.Args[0]}
}

// Set changes the title. What does not fit is cut off.
func (t *Title) Set(text string) {
	if room := len(t.space) - 1; room >= 0 { // the last byte stays NUL
		clear(t.space[copy(t.space[:room], text):])
	}
}

// Show fills proc-title-template in, if titles are wanted; a nil Title leaves the process list as it is. mode says what
// runs here if it is no plain server. The template's check has seen to it that there is nothing unknown in it.
func (t *Title) Show(c *configs.Config, mode string) {
	if t == nil || !c.SetProcTitle {
		return
	}
	values := map[string]string{
		"title": t.program, "listen-addr": listenAddress(c), "server-mode": mode,
		"port": strconv.FormatInt(c.Port, 10), "tls-port": strconv.FormatInt(c.TlsPort, 10),
		"unixsocket": c.Unixsocket, "config-file": c.File,
	}
	var pairs []string
	for name, value := range values {
		pairs = append(pairs, "{"+name+"}", value)
	}
	// A doubled brace is a brace.
	title := strings.NewReplacer(append(pairs, "{{", "{")...).Replace(c.ProcTitleTemplate)
	t.Set(strings.Trim(title, " "))
}

// listenAddress is the one address that a title has room for: the first, or the Unix socket.
func listenAddress(c *configs.Config) string {
	if c.Port == 0 {
		return c.Unixsocket
	}
	host := "*"
	if len(c.Bind) > 0 {
		host = strings.TrimPrefix(c.Bind[0], "-")
	}
	return net.JoinHostPort(host, strconv.FormatInt(c.Port, 10))
}
