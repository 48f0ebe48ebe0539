package command

// ChannelArgs says which arguments of a command are channels of pub/sub, as far as access control asks.
type ChannelArgs uint8

// The ways of naming channels. Giving up a subscription asks nobody's permission.
const (
	NoChannels        ChannelArgs = iota
	PublishesTo                   // the first argument is a channel
	SubscribesTo                  // all arguments are channels
	SubscribesPattern             // all arguments are patterns of channels
)

// Count returns how many arguments from the first on are channels in a call of n words.
func (a ChannelArgs) Count(n int) int {
	switch a {
	case PublishesTo:
		return min(n-1, 1)
	case SubscribesTo, SubscribesPattern:
		return n - 1
	default:
		return 0
	}
}

// DatabaseArgs says which arguments of a command are numbers of databases. A command that names databases so is not
// bound to the client's own, unless it has keys.
type DatabaseArgs struct {
	At [2]int // positions of arguments, 0 for none
	// After is a token, in lower case, behind which such a number stands, as often as it comes from argument From on.
	After string
	From  int
}

// Any reports whether there are any.
func (a *DatabaseArgs) Any() bool { return a.At[0] > 0 || a.After != "" }

// Each yields the positions of the numbers in a call.
func (a *DatabaseArgs) Each(argv [][]byte, yield func(at int) bool) {
	for _, at := range a.At {
		if at > 0 && at < len(argv) && !yield(at) {
			return
		}
	}
	if a.After == "" {
		return
	}
	for i := a.From; i+1 < len(argv); i++ {
		if equalFold(argv[i], a.After) {
			if i++; !yield(i) {
				return
			}
		}
	}
}
