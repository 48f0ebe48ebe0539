package command

// A Spec declares one command or subcommand. What follows from other fields is left out: see Decl.
type Spec struct {
	// Name is in lower case; for a subcommand, without its container's.
	Name string
	// Arity counts the words of a call, the command's name (and the subcommand's) included;
	// negative means that many or more.
	Arity int
	Flags Flag
	// Categories lists only what neither Group nor Flags imply. Naming a topic (CategoryList, say) here
	// replaces the topic that Group would have implied.
	Categories Category
	Group      Group

	Keys []KeySpec
	// FindKeys replaces Keys for finding keys where key specs cannot tell them or their flags apart
	// (KeySpec flags VariableFlags and Incomplete, unknown searches).
	FindKeys KeyFinder
	// Channels says which arguments are channels of pub/sub, Databases which are numbers of databases: access control
	// asks.
	Channels  ChannelArgs
	Databases DatabaseArgs
	Args      []Arg

	// Summary is one sentence in our own words.
	Summary    string
	Complexity string
	Since      string
	Tips       []string
	History    []Change

	DocFlags        DocFlag
	DeprecatedSince string
	ReplacedBy      string
}

// A Change is one entry of a command's history: since which version what is different.
type Change struct {
	Version string
	Text    string
}

// A Command is a declaration with its handler. A container (CONFIG, CLIENT…) has Sub; its own Run answers the bare
// name and stays nil where that is a wrong number of arguments.
type Command[H any] struct {
	Spec
	Run H
	Sub []Command[H]
}

// A DocFlag is a remark about a command in COMMAND DOCS.
type DocFlag uint8

// The remarks that COMMAND DOCS knows.
const (
	DocDeprecated DocFlag = 1 << iota // superseded, kept for old clients
	DocSyscmd                         // internal: not for users
)

var docFlagNames = []string{"deprecated", "syscmd"}

// A Group is the chapter of the documentation that a command belongs to.
type Group uint8

// The groups; the zero Group is none of them and refused by NewTable.
const (
	_ Group = iota
	GroupGeneric
	GroupString
	GroupList
	GroupSet
	GroupSortedSet
	GroupHash
	GroupPubsub
	GroupTransactions
	GroupConnection
	GroupServer
	GroupScripting
	GroupHyperloglog
	GroupCluster
	GroupSentinel
	GroupGeo
	GroupStream
	GroupBitmap
	groupCount
)

var groups = [groupCount]struct {
	name  string
	topic Category
}{
	GroupGeneric:      {"generic", CategoryKeyspace},
	GroupString:       {"string", CategoryString},
	GroupList:         {"list", CategoryList},
	GroupSet:          {"set", CategorySet},
	GroupSortedSet:    {"sorted-set", CategorySortedSet},
	GroupHash:         {"hash", CategoryHash},
	GroupPubsub:       {"pubsub", 0},
	GroupTransactions: {"transactions", CategoryTransaction},
	GroupConnection:   {"connection", CategoryConnection},
	GroupServer:       {"server", 0},
	GroupScripting:    {"scripting", CategoryScripting},
	GroupHyperloglog:  {"hyperloglog", CategoryHyperloglog},
	GroupCluster:      {"cluster", 0},
	GroupSentinel:     {"sentinel", 0},
	GroupGeo:          {"geo", CategoryGeo},
	GroupStream:       {"stream", CategoryStream},
	GroupBitmap:       {"bitmap", CategoryBitmap},
}

// String is the group's name on the wire.
func (g Group) String() string {
	if g >= groupCount {
		return ""
	}
	return groups[g].name
}
