package quorum

import (
	"github.com/rs/zerolog"

	"valkey/quorum/core"
)

// levels says how loud an event is; what is not here is information.
var levels = map[core.EventKind]zerolog.Level{
	core.EventWaiting:   zerolog.WarnLevel,
	core.EventNoLeader:  zerolog.WarnLevel,
	core.EventStepDown:  zerolog.WarnLevel,
	core.EventRefused:   zerolog.WarnLevel,
	core.EventNewer:     zerolog.WarnLevel,
	core.EventReleased:  zerolog.WarnLevel,
	core.EventFenced:    zerolog.WarnLevel,
	core.EventForced:    zerolog.WarnLevel,
	core.EventRemoved:   zerolog.WarnLevel,
	core.EventForeign:   zerolog.ErrorLevel,
	core.EventDuplicate: zerolog.ErrorLevel,
	core.EventHalted:    zerolog.ErrorLevel,
}

// repeats are those that a peer can bring about as often as it likes.
var repeats = map[core.EventKind]bool{
	core.EventRefused: true, core.EventNewer: true, core.EventDuplicate: true, core.EventStepDown: true,
}

// tell logs an event.
func (l *loop) tell(e core.Event) {
	now := l.g.now()
	if key := string(e.Kind) + e.Peer; repeats[e.Kind] {
		if at, ok := l.told[key]; ok && now-at < tellEvery {
			return
		}
		if len(l.told) > linksMax {
			clear(l.told)
		}
		l.told[key] = now
	}
	line := l.g.opts.Log.WithLevel(levelOf(e.Kind))
	for _, f := range [][2]string{{"peer", e.Peer}, {"group", e.Group.String()}, {"reason", e.Text}} {
		if f[1] != "" {
			line = line.Str(f[0], f[1])
		}
	}
	line.Msg("quorum: " + string(e.Kind))
}

func levelOf(k core.EventKind) zerolog.Level {
	if level, ok := levels[k]; ok {
		return level
	}
	return zerolog.InfoLevel
}
