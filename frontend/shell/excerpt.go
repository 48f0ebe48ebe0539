package shell

import (
	"bytes"
	"fmt"
)

// excerptBytes is how much of a request that cannot be read goes into the log.
const excerptBytes = 128

// Excerpt shows the beginning and the end of what a client sent, unless clients' data is to stay out of the log.
func Excerpt(b []byte, hide bool) string {
	if hide {
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
