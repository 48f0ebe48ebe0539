package clients

import (
	"math"
	"slices"
	"strings"

	"valkey/frontend/resp"
	"valkey/frontend/session"
)

// criterion is one thing that CLIENT LIST and CLIENT KILL can select by.
type criterion int

const (
	byID criterion = iota
	byType
	byUser
	byAddr
	byLocalAddr
	byIP
	byName
	byLibName
	byLibVersion
	byFlags
	byCapa
	byDB
	byIdle   // without a NOT- form, like the one that follows
	byMaxAge // at least as old, despite its name
	criteria
)

var criterionWords = [criteria]string{
	"id", "type", "user", "addr", "laddr", "ip", "name", "lib-name", "lib-ver", "flags", "capa", "db", "idle", "maxage",
}

// filter selects clients: those that pass every test of is and none of not. The zero filter lets all through.
type filter struct {
	is, not        [criteria]func(*session.Client) bool
	ids, otherIDs  []uint64 // ID and NOT-ID add up, where every other criterion given again replaces the one before
	leaveOutCaller bool
}

func (f *filter) matches(c *session.Call, cl *session.Client) bool {
	if f.leaveOutCaller && cl == c.Client {
		return false
	}
	for i := range criteria {
		if f.is[i] != nil && !f.is[i](cl) || f.not[i] != nil && f.not[i](cl) {
			return false
		}
	}
	return true
}

// parseFilter reads filters from argument 2 on; skipMe is what SKIPME is if it is not given.
func parseFilter(c *session.Call, skipMe bool) (filter, error) {
	f := filter{leaveOutCaller: skipMe}
	for i := 2; i < len(c.Argv); {
		by, negated, known := findCriterion(c.Argv[i])
		switch {
		case known && by == byID:
			n, err := f.parseIDs(c.Argv[i+1:], negated)
			if err != nil {
				return f, err
			}
			i += 1 + n
			continue
		case i+1 == len(c.Argv):
			return f, session.ErrSyntax
		case c.Is(i, "skipme"):
			if f.leaveOutCaller = c.Is(i+1, "yes"); !f.leaveOutCaller && !c.Is(i+1, "no") {
				return f, session.ErrSyntax
			}
		case !known:
			return f, session.ErrSyntax
		default:
			test, err := by.test(c, c.Argv[i+1], negated)
			if err != nil {
				return f, err
			}
			if negated {
				f.not[by] = test
			} else {
				f.is[by] = test
			}
		}
		i += 2
	}
	return f, nil
}

func findCriterion(word []byte) (by criterion, negated, known bool) {
	if len(word) > 4 && session.EqualFold(word[:4], "not-") {
		word, negated = word[4:], true
	}
	for by := range criteria {
		if session.EqualFold(word, criterionWords[by]) {
			return by, negated, !negated || by < byIdle
		}
	}
	return 0, false, false
}

// parseIDs reads as many ids as there are, possibly none, and returns their number.
func (f *filter) parseIDs(argv [][]byte, negated bool) (n int, err error) {
	ids, tests := &f.ids, &f.is
	if negated {
		ids, tests = &f.otherIDs, &f.not
	}
	for ; n < len(argv); n++ {
		id, ok := resp.ParseInt(argv[n])
		if !ok {
			break
		}
		if id < 1 {
			return n, session.Errorf("client-id should be greater than 0")
		}
		*ids = append(*ids, uint64(id))
	}
	slices.Sort(*ids)
	sorted := *ids
	tests[byID] = func(cl *session.Client) bool {
		_, found := slices.BinarySearch(sorted, cl.ID)
		return found
	}
	return n, nil
}

// test makes the test of a criterion other than byID.
func (by criterion) test(c *session.Call, arg []byte, negated bool) (func(*session.Client) bool, error) {
	text := string(arg)
	switch by {
	case byType:
		class, ok := classByName(text)
		if !ok {
			return nil, session.Errorf("Unknown client type '%s'", text)
		}
		return func(cl *session.Client) bool { return cl.Class() == class }, nil
	case byUser:
		u := c.Front.Users.Find(arg)
		if u == nil {
			return nil, session.Errorf("No such user '%s'", text)
		}
		return func(cl *session.Client) bool { return cl.User == u }, nil
	case byAddr:
		return func(cl *session.Client) bool { return remote(cl) == text }, nil
	case byLocalAddr:
		return func(cl *session.Client) bool { return cl.Link != nil && cl.Link.Local() == text }, nil
	case byIP:
		return func(cl *session.Client) bool { return hasIP(cl, text) }, nil
	case byName:
		return func(cl *session.Client) bool { return cl.Name != "" && cl.Name == text }, nil
	case byLibName:
		return func(cl *session.Client) bool { return cl.LibName != "" && cl.LibName == text }, nil
	case byLibVersion:
		return func(cl *session.Client) bool { return cl.LibVersion != "" && cl.LibVersion == text }, nil
	case byFlags:
		return lettersTest("flags", text, session.ClientFlagLetters, negated, session.HasClientFlag)
	case byCapa:
		return lettersTest("capa", text, "r", negated, func(cl *session.Client, _ byte) bool { return cl.Redirect })
	case byDB:
		return dbTest(c, arg, negated)
	default:
		return ageTest(c, by, arg)
	}
}

func classByName(name string) (session.Class, bool) {
	switch strings.ToLower(name) {
	case "normal":
		return session.ClassNormal, true
	case "replica", "slave":
		return session.ClassReplica, true
	case "pubsub":
		return session.ClassPubSub, true
	case "primary", "master":
		return session.ClassPrimary, true
	}
	return 0, false
}

func remote(cl *session.Client) string {
	if cl.Link == nil {
		return ""
	}
	return cl.Link.Remote()
}

// hasIP compares a client's address without its port; a Unix socket, whose port is 0, has none.
func hasIP(cl *session.Client, ip string) bool {
	addr := remote(cl)
	i := strings.LastIndexByte(addr, ':')
	if i < 0 || i+1 == len(addr) || addr[i+1] == '0' {
		return false
	}
	return strings.TrimSuffix(strings.TrimPrefix(addr[:i], "["), "]") == ip
}

// lettersTest is true for clients that have all of the letters.
func lettersTest(what, letters, allowed string, negated bool, has func(*session.Client, byte) bool) (
	func(*session.Client) bool, error,
) {
	if strings.ContainsFunc(letters, func(r rune) bool { return !strings.ContainsRune(allowed, r) }) {
		where := "provided"
		if negated {
			where = "NOT-" + strings.ToUpper(what)
		}
		return nil, session.Errorf("Unknown %s found in the %s filter: %s", what, where, letters)
	}
	return func(cl *session.Client) bool {
		for i := range len(letters) {
			if !has(cl, letters[i]) {
				return false
			}
		}
		return true
	}, nil
}

func dbTest(c *session.Call, arg []byte, negated bool) (func(*session.Client) bool, error) {
	what := "DB"
	if negated {
		what = "NOT-DB"
	}
	n, ok := resp.ParseInt(arg)
	if !ok || n < math.MinInt32 || n > math.MaxInt32 {
		return nil, session.Errorf("%s is not an integer or out of range", what)
	}
	if n < 0 || n >= c.Front.Config.Databases {
		return nil, session.Errorf("%s number should be between 0 and %d", what, c.Front.Config.Databases-1)
	}
	return func(cl *session.Client) bool { return cl.DB == int(n) }, nil
}

func ageTest(c *session.Call, by criterion, arg []byte) (func(*session.Client) bool, error) {
	what := criterionWords[by]
	seconds, ok := resp.ParseInt(arg)
	if !ok {
		return nil, session.Errorf("%s is not an integer or out of range", what)
	}
	if seconds <= 0 {
		return nil, session.Errorf("%s should be greater than 0", what)
	}
	if by == byIdle {
		return func(cl *session.Client) bool { return c.Front.IdleSeconds(cl) >= seconds }, nil
	}
	return func(cl *session.Client) bool { return c.Front.AgeSeconds(cl) >= seconds }, nil
}
