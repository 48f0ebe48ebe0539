package configs

import (
	"slices"

	"valkey/internal/vfs"
)

// sentinelLine is a line that waits until all have been read.
type sentinelLine struct {
	place     Place
	directive *SentinelDirective
	args      []string
}

// queueSentinel takes the words after sentinel. A line may speak of a primary that a later one declares, so it is kept.
func (l *loader) queueSentinel(place Place, args []string) error {
	d := lookupSentinel(args[0])
	if d == nil {
		return errSentinelStatement
	}
	args = args[1:]
	n := len(args)
	if d.phase != phaseGlobal {
		n-- // the name of the primary
	}
	if !slices.Contains(d.words, n) {
		return errSentinelStatement
	}
	l.queued = append(l.queued, sentinelLine{place, d, args})
	return nil
}

// loadSentinel reads the lines that have been kept: settings of the sentinel, then the primaries, then what is about
// one.
func (l *loader) loadSentinel() error {
	for _, phase := range []phase{phaseGlobal, phaseMonitor, phasePrimary} {
		for _, line := range l.queued {
			if line.directive.phase != phase {
				continue
			}
			if err := l.setSentinel(line.directive, line.args); err != nil {
				return line.place.Refuse(Strerror(err))
			}
		}
	}
	for i := range l.sentinel.Primaries {
		l.sentinel.CurrentEpoch = max(l.sentinel.CurrentEpoch, l.sentinel.Primaries[i].ConfigEpoch)
	}
	return nil
}

func (l *loader) setSentinel(d *SentinelDirective, args []string) error {
	var p *MonitoredPrimary
	switch d.phase {
	case phaseGlobal:
	case phaseMonitor:
		if l.sentinel.Primary(args[0]) != nil {
			return errDuplicatePrimary
		}
		fresh := NewMonitoredPrimary(args[0], HostPort{}, 0)
		p = &fresh
	case phasePrimary:
		if p = l.sentinel.Primary(args[0]); p == nil {
			return errNoSuchPrimary
		}
	}
	if p != nil {
		args = args[1:]
	}
	if err := d.kind.set(d.field(l.sentinel, p), args); err != nil {
		if d.refused != nil {
			return d.refused
		}
		return err
	}
	if d.check != nil {
		if err := d.check(l, args); err != nil {
			return err
		}
	}
	if d.phase == phaseMonitor {
		l.sentinel.Primaries = append(l.sentinel.Primaries, *p)
	}
	return nil
}

// checkStateFile sees whether the file can be rewritten, which takes a file beside it. The trial has a name of its own,
// so that a second process started by mistake does not disturb the first, which may be writing.
func checkStateFile(fsys vfs.FS, file string) error {
	if file == "" {
		return &LoadError{Reason: "Sentinel needs config file on disk to save state. Exiting..."}
	}
	f, err := fsys.OpenAppend(file, 0o644)
	if err == nil {
		_ = f.Close() // nothing was written: it was only opened to see whether it can be
		if f, err = fsys.Create(file+".trial", 0o600); err == nil {
			_ = f.Close()
			err = fsys.Remove(file + ".trial")
		}
	}
	if err != nil {
		return &LoadError{Reason: "Sentinel config file " + file + " is not writable: " + Strerror(err) + ". Exiting..."}
	}
	return nil
}
