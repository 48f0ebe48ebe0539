package session

import (
	"bytes"

	"valkey/frontend/resp"
	"valkey/internal/glob"
)

// PubSub finds the subscribers of channels, patterns and shard channels.
type PubSub struct {
	Channels, Patterns, Shards Topics
	Clients                    int // clients with any subscription
	encoded                    [4][]byte
}

// Topics maps names to their subscribers.
type Topics struct {
	byName map[string]*topic
	list   []*topic // in the order in which they came, but that the last one takes the place of one that goes
}

// topic is a name that somebody listens to.
type topic struct {
	name        string
	at          int // in Topics.list
	subscribers []*Client
	position    map[*Client]int // in subscribers
	prefix      []byte          // of a pattern: what every channel that matches begins with
}

// Len is the number of names with at least one subscriber.
func (t *Topics) Len() int { return len(t.list) }

// Subscribers is the number of clients that listen to a name.
func (t *Topics) Subscribers(name []byte) int {
	if s := t.byName[string(name)]; s != nil {
		return len(s.subscribers)
	}
	return 0
}

// Names yields the names that have subscribers.
func (t *Topics) Names(yield func(string) bool) {
	for _, s := range t.list {
		if !yield(s.name) {
			return
		}
	}
}

// add makes c a subscriber and returns the name as the table keeps it, for all its subscribers to share.
func (t *Topics) add(name []byte, c *Client) string {
	s := t.byName[string(name)]
	if s == nil {
		if t.byName == nil {
			t.byName = make(map[string]*topic)
		}
		s = &topic{name: string(name), at: len(t.list), position: make(map[*Client]int), prefix: literal(name)}
		t.byName[s.name] = s
		t.list = append(t.list, s)
	}
	s.position[c] = len(s.subscribers)
	s.subscribers = append(s.subscribers, c)
	return s.name
}

func (t *Topics) remove(name string, c *Client) {
	s := t.byName[name]
	i, last := s.position[c], len(s.subscribers)-1
	moved := s.subscribers[last]
	s.subscribers[i], s.position[moved] = moved, i
	s.subscribers[last] = nil
	s.subscribers = s.subscribers[:last]
	delete(s.position, c)
	if last > 0 {
		return
	}
	delete(t.byName, name)
	end := len(t.list) - 1
	t.list[s.at] = t.list[end]
	t.list[s.at].at = s.at
	t.list[end] = nil
	t.list = t.list[:end]
}

// literal is the part of a pattern before its first special byte.
func literal(pattern []byte) []byte {
	if i := bytes.IndexAny(pattern, `*?[\`); i >= 0 {
		pattern = pattern[:i]
	}
	return bytes.Clone(pattern)
}

// Kind of subscription.
type Kind int

// The kinds.
const (
	Channel Kind = iota
	Pattern
	Shard
)

// words are the message heads of a kind: on subscription, on its end, and of a message.
var words = [...]struct{ subscribe, unsubscribe, message string }{
	Channel: {"subscribe", "unsubscribe", "message"},
	Pattern: {"psubscribe", "punsubscribe", "pmessage"},
	Shard:   {"ssubscribe", "sunsubscribe", "smessage"},
}

func (f *Front) topics(k Kind) *Topics {
	return [...]*Topics{&f.PubSub.Channels, &f.PubSub.Patterns, &f.PubSub.Shards}[k]
}

func names(c *Client, k Kind) *Names {
	return [...]*Names{&c.Subs.Channels, &c.Subs.Patterns, &c.Subs.Shards}[k]
}

// Subscribe adds a subscription of the calling client and confirms it.
func (c *Call) Subscribe(k Kind, name []byte) {
	cl := c.Client
	if n := names(cl, k); !n.Has(name) {
		if cl.Subs.Count() == 0 {
			c.Front.PubSub.Clients++
		}
		n.Add(c.Front.topics(k).add(name, cl))
	}
	c.confirm(k, words[k].subscribe, name)
}

// Unsubscribe ends a subscription, if there is one, and confirms it.
func (c *Call) Unsubscribe(k Kind, name []byte) {
	c.Front.unsubscribe(c.Client, k, string(name))
	c.confirm(k, words[k].unsubscribe, name)
}

// UnsubscribeAll ends all subscriptions of a kind and confirms each, or that there is none.
func (c *Call) UnsubscribeAll(k Kind) {
	n := names(c.Client, k)
	if n.Len() == 0 {
		c.confirm(k, words[k].unsubscribe, nil)
		return
	}
	for n.Len() > 0 {
		s := n.List()[0]
		c.Front.unsubscribe(c.Client, k, s)
		c.confirm(k, words[k].unsubscribe, []byte(s))
	}
}

func (f *Front) unsubscribe(c *Client, k Kind, name string) {
	if !names(c, k).Remove(name) {
		return
	}
	f.topics(k).remove(name, c)
	if c.Subs.Count() == 0 {
		f.PubSub.Clients--
	}
}

// UnsubscribeAll drops all subscriptions of a client silently.
func (f *Front) UnsubscribeAll(c *Client) {
	for k := Channel; k <= Shard; k++ {
		for n := names(c, k); n.Len() > 0; {
			f.unsubscribe(c, k, n.List()[0])
		}
	}
}

// confirm writes one confirmation; a nil name is none. Shard channels are counted apart from channels and patterns.
// Confirmations are messages: CLIENT REPLY OFF does not hold them back.
func (c *Call) confirm(k Kind, word string, name []byte) {
	c.pushes = true
	w, subs := c.Reply, &c.Client.Subs
	w.Push(3)
	w.BulkString(word)
	if name == nil {
		w.Null()
	} else {
		w.Bulk(name)
	}
	if k == Shard {
		w.Int(int64(subs.Shards.Len()))
	} else {
		w.Int(int64(subs.Channels.Len() + subs.Patterns.Len()))
	}
}

// Publish sends a message to a channel's subscribers and to those of every pattern that matches; it returns how many
// got it.
func (f *Front) Publish(channel, message []byte) int {
	n := f.deliver(Channel, f.PubSub.Channels.byName[string(channel)], channel, message)
	for _, t := range f.PubSub.Patterns.list {
		if bytes.HasPrefix(channel, t.prefix) && glob.Match([]byte(t.name), channel) {
			n += f.deliver(Pattern, t, channel, message)
		}
	}
	return n
}

// PublishShard sends a message to a shard channel's subscribers.
func (f *Front) PublishShard(channel, message []byte) int {
	return f.deliver(Shard, f.PubSub.Shards.byName[string(channel)], channel, message)
}

// deliver encodes a message once for each protocol version that a subscriber speaks.
func (f *Front) deliver(k Kind, t *topic, channel, message []byte) int {
	if t == nil {
		return 0
	}
	encoded := &f.PubSub.encoded
	defer func() { encoded[2], encoded[3] = Emptied(encoded[2]), Emptied(encoded[3]) }()
	for _, c := range t.subscribers {
		proto := c.W.Proto
		if len(encoded[proto]) == 0 {
			encoded[proto] = encodeMessage(encoded[proto], proto, k, t.name, channel, message)
		}
		c.Push(encoded[proto])
		f.OutputGrew(c)
	}
	return len(t.subscribers)
}

func encodeMessage(b []byte, proto int, k Kind, name string, channel, message []byte) []byte {
	w := resp.Writer{Buf: b, Proto: proto}
	if k == Pattern {
		w.Push(4)
		w.BulkString(words[k].message)
		w.BulkString(name)
	} else {
		w.Push(3)
		w.BulkString(words[k].message)
	}
	w.Bulk(channel)
	w.Bulk(message)
	return w.Buf
}
