package shell

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"valkey/configs"
)

// logSink is where the log goes: standard output, or a file that CONFIG SET logfile may change.
type logSink struct {
	mu struct {
		sync.Mutex // held while a line is written, so that lines never mix
		out        io.Writer
		file       *os.File
	}
}

// reopen directs the log to another file; an empty name is standard output. On an error the old one stays.
func (l *logSink) reopen(name string) error {
	var f *os.File
	if name != "" {
		var err error
		if f, err = os.OpenFile(name, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644); err != nil {
			return fmt.Errorf("Can't open the log file: %s", configs.Strerror(err)) //nolint:staticcheck // wire text
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	var err error
	if l.mu.file != nil {
		err = l.mu.file.Close()
	}
	l.mu.file, l.mu.out = f, os.Stdout
	if f != nil {
		l.mu.out = f
	}
	return errors.Join(err)
}

// Write writes one line.
func (l *logSink) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.mu.out.Write(line)
}
