package link

import (
	"fmt"
	"strconv"
	"strings"
)

// A copy over a second connection takes more dialogues: NewSecond on the new connection, up to where the copy begins,
// and then NewClaim and NewStream on the first one, up to where the stream does. Whatever is refused ends both
// connections.

// NewSecond begins the dialogue on the second connection. Its answer is the place in the history at which the copy is
// made, which is what follows on the connection.
func NewSecond(who Introduction) *Handshake {
	h := &Handshake{who: who}
	b := h.authenticate(nil)
	b = h.ask(b, askSecond, "REPLCONF", "capa", "eof", "rdb-only", "1", "rdb-channel", "1",
		"listening-port", strconv.FormatInt(who.Port, 10), "version", who.Version)
	if who.Address != "" {
		b = h.ask(b, askSecond, "REPLCONF", "ip-address", who.Address)
	}
	h.hello = b
	return h
}

// NewClaim begins the dialogue that goes on on the first connection, with the answer of the second.
func NewClaim(place Answer) *Handshake {
	h := &Handshake{}
	h.hello = h.ask(nil, askClaim, "REPLCONF", "set-rdb-client-id", place.claim)
	return h
}

// NewStream asks for the stream from that place on, once it is claimed.
func NewStream(place Answer) *Handshake {
	h := &Handshake{who: Introduction{ID: place.ID, Offset: place.Offset}}
	h.hello = h.psync()
	return h
}

// dual takes a line of the first two; the stream itself is asked for as ever.
func (h *Handshake) dual(q question, line string) (Step, error) {
	switch {
	case strings.HasPrefix(line, "-"):
		return Step{}, fmt.Errorf("link: the primary refuses a copy over a second connection: %s", line)
	case q == askPlace:
		a, err := place(line)
		return Step{Answer: a}, err
	case q == askClaim:
		return Step{Answer: Answer{Verdict: Continue}}, nil
	case len(h.awaits) > 0:
		return Step{}, nil
	}
	h.awaits = append(h.awaits, askPlace)
	return Step{Send: []byte("SYNC\r\n")}, nil
}

// place reads $ENDOFF:<offset> <id> <database> <claim>.
func place(line string) (Answer, error) {
	a := Answer{Verdict: FullSync}
	rest, found := strings.CutPrefix(line, "$ENDOFF:")
	words := strings.Fields(rest)
	if !found || len(words) != 4 || len(words[1]) != idBytes {
		return Answer{}, fmt.Errorf("link: not the place of a copy in its history: %q", line)
	}
	offset, errOffset := strconv.ParseInt(words[0], 10, 64)
	db, errDB := strconv.Atoi(words[2])
	_, errClaim := strconv.ParseUint(words[3], 10, 64)
	if errOffset != nil || errDB != nil || errClaim != nil || offset < 0 {
		return Answer{}, fmt.Errorf("link: not the place of a copy in its history: %q", line)
	}
	a.ID, a.Offset, a.claim = words[1], offset, words[3]
	a.DB = max(db, 0) // -1 says that the stream selects one first
	return a, nil
}
