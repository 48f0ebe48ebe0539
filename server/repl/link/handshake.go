package link

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"valkey/frontend/resp"
)

// NoOffset is the offset of a replica that has nothing, and of a primary that counts none.
const NoOffset = -1

// Introduction is what a replica says of itself.
type Introduction struct {
	User, Password string // shown if there is a password
	Port           int64  // where the replica listens, as others see it
	Address        string // as others see it; empty is the connection's own
	Version        string // of Valkey that the replica is compatible with
	ID             string // of the history that the replica has; empty for none
	Offset         int64  // up to which it has it
	Failover       bool   // the primary is to take over from this server, which hands its role to it
	DualChannel    bool   // a copy may come over a second connection, beside the stream
}

// Verdict is what a primary decided.
type Verdict int

// The verdicts.
const (
	Undecided   Verdict = iota // the dialogue goes on
	FullSync                   // a copy of everything follows, and the history from there
	Continue                   // the history goes on where the replica left it
	Legacy                     // it knows no PSYNC: a copy follows, and a stream without offsets
	Later                      // it cannot serve a replica now
	DualChannel                // a copy is to be fetched over a second connection
)

// Answer is a verdict with the history that it is about.
type Answer struct {
	Verdict
	ID     string // of the history; empty if the primary named none
	Offset int64  // at which the copy is made
	DB     int    // that the stream has selected there; NoDB if the copy says it

	claim string // with which a stream is asked for whose copy comes over a second connection
}

// NoDB is the database of an answer that names none.
const NoDB = -1

// Step is what follows from a line of the primary.
type Step struct {
	Send   []byte // to be sent now
	Answer Answer
	Note   string // for the log; empty for none
}

// Handshake is the dialogue of a replica with a primary, up to the primary's verdict.
type Handshake struct {
	who    Introduction
	hello  []byte
	awaits []question // whose replies are to come, in order
}

// question is what a line of the primary answers.
type question int

const (
	askPing question = iota
	askAuth
	askPort
	askAddress
	askCapabilities
	askVersion
	askSync
	askSecond // and these three with two connections, see NewSecond and NewClaim
	askPlace
	askClaim
)

// NewHandshake begins a dialogue.
func NewHandshake(who Introduction) *Handshake {
	h := &Handshake{who: who}
	h.hello = h.ask(nil, askPing, "PING")
	return h
}

// Hello is what a replica sends first.
func (h *Handshake) Hello() []byte { return h.hello }

// ask adds a command to what is sent, whose reply is to come.
func (h *Handshake) ask(b []byte, q question, words ...string) []byte {
	h.awaits = append(h.awaits, q)
	return command(b, words...)
}

// Line takes a line of the primary, without its end. An error ends the attempt.
func (h *Handshake) Line(line string) (Step, error) {
	q := h.awaits[0]
	if line == "" && (q == askSync || q == askPlace) { // a sign of life of a primary that has to prepare something
		return Step{}, nil
	}
	h.awaits = h.awaits[1:]
	refused := strings.HasPrefix(line, "-")
	switch q {
	case askPing:
		if !acceptsPing(line) {
			return Step{}, fmt.Errorf("link: the primary answers PING with %s", line)
		}
		return Step{Send: h.introduce()}, nil
	case askAuth:
		if refused {
			return Step{}, fmt.Errorf("link: Unable to AUTH to PRIMARY: %s", line)
		}
		return Step{}, nil
	case askVersion:
		return Step{Send: h.psync(), Note: refusal(q, line)}, nil
	case askSync:
		return h.verdict(line)
	case askSecond, askPlace, askClaim:
		return h.dual(q, line)
	case askPort, askAddress, askCapabilities:
	}
	return Step{Note: refusal(q, line)}, nil
}

// acceptsPing: a primary that wants a password first has answered, too.
func acceptsPing(line string) bool {
	for _, p := range []string{"+", "-NOAUTH", "-NOPERM", "-ERR operation not permitted"} {
		if strings.HasPrefix(line, p) {
			return true
		}
	}
	return false
}

// refusal is the note about a part of the introduction that an old primary does not understand, which does no harm.
func refusal(q question, line string) string {
	if !strings.HasPrefix(line, "-") {
		return ""
	}
	what := map[question]string{
		askPort: "listening-port", askAddress: "ip-address", askCapabilities: "capa", askVersion: "version",
	}[q]
	return fmt.Sprintf("The primary does not take REPLCONF %s, which does no harm: %s", what, line)
}

// introduce is everything about the replica in one piece; the replies come one by one.
func (h *Handshake) introduce() []byte {
	who := &h.who
	b := h.authenticate(nil)
	b = h.ask(b, askPort, "REPLCONF", "listening-port", strconv.FormatInt(who.Port, 10))
	if who.Address != "" {
		b = h.ask(b, askAddress, "REPLCONF", "ip-address", who.Address)
	}
	capabilities := []string{"REPLCONF", "capa", "eof", "capa", "psync2"}
	if who.DualChannel {
		capabilities = append(capabilities, "capa", "dual-channel")
	}
	b = h.ask(b, askCapabilities, capabilities...)
	return h.ask(b, askVersion, "REPLCONF", "version", who.Version)
}

func (h *Handshake) authenticate(b []byte) []byte {
	switch who := &h.who; {
	case who.Password == "":
		return b
	case who.User == "":
		return h.ask(b, askAuth, "AUTH", who.Password)
	default:
		return h.ask(b, askAuth, "AUTH", who.User, who.Password)
	}
}

func (h *Handshake) psync() []byte {
	id, offset := "?", int64(NoOffset)
	if h.who.ID != "" {
		id, offset = h.who.ID, h.who.Offset+1 // the first byte that is missing
	}
	words := []string{"PSYNC", id, strconv.FormatInt(offset, 10)}
	if h.who.Failover {
		words = append(words, "FAILOVER")
	}
	return h.ask(nil, askSync, words...)
}

// errUnaskedChannel ends an attempt whose primary wants to use what this replica did not offer. Nothing of the history
// would follow on this connection.
var errUnaskedChannel = errors.New("link: the primary sends its copy over a second connection, which was not offered")

// verdict reads the reply to PSYNC.
func (h *Handshake) verdict(line string) (Step, error) {
	words := strings.Fields(line)
	switch {
	case strings.HasPrefix(line, "+FULLRESYNC"):
		a := Answer{Verdict: FullSync, Offset: NoOffset, DB: NoDB}
		if len(words) == 3 && len(words[1]) == idBytes {
			if n, err := strconv.ParseInt(words[2], 10, 64); err == nil {
				a.ID, a.Offset = words[1], n
				return Step{Answer: a, Note: fmt.Sprintf("Full resync from primary: %s:%d", a.ID, a.Offset)}, nil
			}
		}
		return Step{Answer: a, Note: "The primary names no history with its full copy: " + line}, nil
	case strings.HasPrefix(line, "+CONTINUE"):
		a := Answer{Verdict: Continue}
		if len(words) == 2 && len(words[1]) == idBytes {
			a.ID = words[1]
		}
		return Step{Answer: a}, nil
	case strings.HasPrefix(line, "+DUALCHANNELSYNC"):
		if !h.who.DualChannel {
			return Step{}, errUnaskedChannel
		}
		return Step{
			Answer: Answer{Verdict: DualChannel},
			Note:   "Dual channel replication: PSYNC is not possible, initialize RDB channel.",
		}, nil
	case strings.HasPrefix(line, "-NOMASTERLINK"), strings.HasPrefix(line, "-LOADING"):
		return Step{
			Answer: Answer{Verdict: Later},
			Note:   "The primary cannot serve a replica yet: " + line,
		}, nil
	}
	if h.who.Failover { // a primary that cannot be asked to take over must not become ours
		return Step{Answer: Answer{Verdict: Later}, Note: "The target of the failover refuses: " + line}, nil
	}
	return Step{
		Send:   []byte("SYNC\r\n"),
		Answer: Answer{Verdict: Legacy, Offset: NoOffset, DB: NoDB},
		Note:   "The primary does not take PSYNC, SYNC comes next: " + line,
	}, nil
}

// idBytes is the length of a history's id.
const idBytes = 40

func command(b []byte, words ...string) []byte {
	argv := make([][]byte, len(words))
	for i, w := range words {
		argv[i] = []byte(w)
	}
	w := resp.Writer{Buf: b}
	w.Command(argv)
	return w.Buf
}
