package engine

import (
	"strconv"

	"valkey/configs"
	"valkey/frontend/session"
)

// notify publishes a keyspace event on the channels that notify-keyspace-events asks for.
func (e *Engine) notify(class configs.NotifyFlags, event string, key []byte, db int) {
	flags := e.Config.NotifyKeyspaceEvents
	if flags&class == 0 || e.PubSub.Channels.Len()+e.PubSub.Patterns.Len() == 0 {
		return
	}
	if flags&configs.NotifyKeyspace != 0 {
		e.eventChannel = append(appendEventChannel(e.eventChannel[:0], "__keyspace@", db), key...)
		e.Publish(e.eventChannel, []byte(event))
	}
	if flags&configs.NotifyKeyevent != 0 {
		e.eventChannel = append(appendEventChannel(e.eventChannel[:0], "__keyevent@", db), event...)
		e.Publish(e.eventChannel, key)
	}
	e.eventChannel = session.Emptied(e.eventChannel)
}

func appendEventChannel(b []byte, prefix string, db int) []byte {
	b = strconv.AppendInt(append(b, prefix...), int64(db), 10)
	return append(b, "__:"...)
}
