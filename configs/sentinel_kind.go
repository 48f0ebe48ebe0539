package configs

import (
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Refusals of values, in Valkey's words.
const (
	errSentinelStatement = refusal("Unrecognized sentinel configuration statement.")
	errNoSuchPrimary     = refusal("No such master with specified name.")
	errQuorum            = refusal("Quorum must be 1 or greater.")
	errTime              = refusal("negative or zero time parameter.")
	errNegativeTime      = refusal("negative time parameter.")
	errInstancePort      = refusal("Invalid port number.")
	errInstanceHost      = refusal("Can't resolve instance hostname.")
	errDuplicatePrimary  = refusal("Duplicate master name.")
	errDuplicateSentinel = refusal("Duplicate runid for sentinel.")
	errDuplicateRename   = refusal("Same command renamed multiple times with rename-command.")
	errMyID              = refusal("Malformed Sentinel id in myid option.")
	errScript            = refusal("Notification script seems non existing or non executable.")
	errReconfigScript    = refusal("Client reconfiguration script seems non existing or non executable.")
	errEpoch             = refusal("Invalid epoch.")
)

// millis is a time in milliseconds of at most 32 bits.
type millis struct {
	def time.Duration
	low int64
}

func (k millis) set(field any, args []string) error {
	ms, ok := parseInt(args[0])
	switch {
	case ok && ms >= k.low && ms <= math.MaxInt32:
	case k.low == 0:
		return errNegativeTime
	default:
		return errTime
	}
	*field.(*time.Duration) = time.Duration(ms) * time.Millisecond
	return nil
}

func (k millis) lines(field any) []line {
	v := *field.(*time.Duration)
	return []line{{strconv.FormatInt(v.Milliseconds(), 10), v != k.def}}
}

// epoch is a logical time, which is always written.
type epoch struct{}

func (epoch) set(field any, args []string) error {
	v, err := strconv.ParseUint(args[0], 10, 64)
	if err != nil {
		return errEpoch
	}
	*field.(*uint64) = v
	return nil
}

func (epoch) lines(field any) []line { return []line{{strconv.FormatUint(*field.(*uint64), 10), true}} }

// identity is myid.
type identity struct{}

const myIDLength = 40

func (identity) set(field any, args []string) error {
	if len(args[0]) != myIDLength || !plainWord(args[0]) {
		return errMyID
	}
	*field.(*string) = args[0]
	return nil
}

func (identity) lines(field any) []line {
	if id := *field.(*string); id != "" {
		return []line{{id, true}}
	}
	return nil
}

// instances is a list of addresses, one a line. One that is there already is not added: a file that names a replica
// twice is healed, where Valkey refuses it.
type instances struct{}

func (k instances) set(field any, args []string) error {
	a, err := parseInstance(args)
	if err != nil {
		return err
	}
	if list := field.(*[]HostPort); !slices.Contains(*list, a) {
		*list = append(*list, a)
	}
	return nil
}

func (instances) lines(field any) []line {
	var lines []line
	seen := map[HostPort]bool{}
	for _, a := range *field.(*[]HostPort) {
		if !seen[a] {
			seen[a] = true
			lines = append(lines, line{a.text(), true})
		}
	}
	return lines
}

// monitored is what follows the name on a monitor line.
type monitored struct{}

func (monitored) set(field any, args []string) error {
	p := field.(*MonitoredPrimary)
	quorum, ok := parseInt(args[2])
	if !ok || quorum < 1 || quorum > math.MaxInt32 {
		return errQuorum
	}
	a, err := parseInstance(args)
	p.Address, p.Quorum = a, quorum
	return err
}

func (monitored) lines(field any) []line {
	p := field.(*MonitoredPrimary)
	return []line{{p.Address.text() + " " + strconv.FormatInt(p.Quorum, 10), true}}
}

// peers is the other sentinels of a primary.
type peers struct{}

func (peers) set(field any, args []string) error {
	if len(args) == 2 {
		return nil // an old form without the id, of no use
	}
	a, err := parseInstance(args)
	if err != nil {
		return err
	}
	list := field.(*[]KnownSentinel)
	if slices.ContainsFunc(*list, func(have KnownSentinel) bool { return have.ID == args[2] }) {
		return errDuplicateSentinel
	}
	*list = append(*list, KnownSentinel{a, args[2]})
	return nil
}

func (peers) lines(field any) []line {
	var lines []line
	for _, s := range *field.(*[]KnownSentinel) {
		lines = append(lines, line{s.Address.text() + " " + quote(s.ID), true})
	}
	return lines
}

// renames is the commands that the instances of a group know under another name.
type renames struct{}

func (renames) set(field any, args []string) error {
	list := field.(*[]Rename)
	if slices.ContainsFunc(*list, func(have Rename) bool { return strings.EqualFold(have.From, args[0]) }) {
		return errDuplicateRename
	}
	*list = append(*list, Rename{From: args[0], To: args[1]})
	return nil
}

func (renames) lines(field any) []line {
	var lines []line
	for _, r := range *field.(*[]Rename) {
		lines = append(lines, line{quote(r.From) + " " + quote(r.To), true})
	}
	return lines
}

// text writes an address as the words of a line.
func (a HostPort) text() string { return wordText(a.Host) + " " + strconv.FormatInt(a.Port, 10) }

// wordText writes a word as it is, or in quotes if it would not be read back.
func wordText(s string) string {
	if plainWord(s) {
		return s
	}
	return quote(s)
}

// parseInstance reads a host and a port. Whether the host may be a name is another question.
func parseInstance(args []string) (HostPort, error) {
	port, ok := parseInt(args[1])
	if !ok || port < 0 || port > portMax {
		return HostPort{}, errInstancePort
	}
	return HostPort{args[0], port}, nil
}

// checkInstance refuses a name where addresses are wanted.
func checkInstance(l *loader, args []string) error {
	if l.sentinel.ResolveHostnames && args[0] != "" {
		return nil
	}
	if _, err := netip.ParseAddr(args[0]); err != nil {
		return errInstanceHost
	}
	return nil
}

// checkExecutable makes the check that a script is there and may be run.
func checkExecutable(refused error) func(*loader, []string) error {
	return func(l *loader, args []string) error {
		info, err := l.fs.Stat(joinPath(l.server.Dir, args[0]))
		if err != nil || info.IsDir() || info.Mode()&0o111 == 0 {
			return refused
		}
		return nil
	}
}
