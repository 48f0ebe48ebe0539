package core

import "time"

// The clock of a group. A heartbeat is five times as frequent as the shortest patience of a follower, so that a member
// that is late now and then does not cost an election; a dead leader is missed after 0.5 to 1 s, or at once where its
// connection breaks.
const (
	// TickEvery is the time between two ticks.
	TickEvery = 50 * time.Millisecond
	// ElectionTimeout is how long a leader may be silent before an election, at least; raft draws up to twice as much.
	ElectionTimeout = electionTicks * TickEvery

	electionTicks  = 10
	heartbeatTicks = 2
)

const (
	// EntryMax is the largest entry that is accepted.
	EntryMax = 1 << 20
	// SnapshotMax is the largest snapshot that is sent or taken.
	SnapshotMax = 512 << 20
	// MessageMax is the largest message that is not a snapshot: a batch of entries and what is around it.
	MessageMax = batchBytesMax + EntryMax + 64<<10

	// batchBytesMax is how many bytes of entries go into one message to a follower, one entry at least.
	batchBytesMax = 256 << 10
	// inflightMax is how many such messages a follower may owe an answer for.
	inflightMax = 64
	// uncommittedMax is how many bytes of entries a leader accepts ahead of what is agreed.
	uncommittedMax = 8 << 20

	// proposalsMax is how many proposals of a member are under way at a time. Identities are remembered in a window of
	// this size for each member, so it cannot be larger.
	proposalsMax = 2048
	// proposalPatience is when a proposal is given up, proposalRetry when it is sent again.
	proposalPatience = 5 * time.Second
	proposalRetry    = 600 * time.Millisecond
	// readsMax is how many confirmed reads wait at a time; readRetry is when one is asked for again.
	readsMax  = 4096
	readRetry = 200 * time.Millisecond

	// snapshotBytes is how much log is applied before a snapshot takes its place, unless the last snapshot was larger:
	// then as much as that, so that the work of making them stays in proportion.
	snapshotBytes = 256 << 10
	// entryOverhead is what an entry counts beside its bytes.
	entryOverhead = 64

	// membersMax is how many sentinels a group takes, peersMax how many a member remembers having seen, barredMax how
	// many that a static list excludes.
	membersMax = 64
	peersMax   = 256
	barredMax  = 64
	// listMax bounds the remembered groups that this one replaced or that were given up, and the removed members.
	listMax = 64
	// nameMax is the longest myid or address.
	nameMax = 300

	// cardEvery is how often a member tells the others who it is, peerFresh how long that counts.
	cardEvery = time.Second
	peerFresh = 10 * time.Second
	// foreignFresh is how long another group is remembered after it was seen for the last time.
	foreignFresh = 30 * time.Second
	// waitingEvery is how often it is said that there is no group.
	waitingEvery = 30 * time.Second
	// settleMin is how long the set of present peers must be unchanged before a group is proposed without some that are
	// known, and how long those who are present have to join in. settleAlone is how long one who would make a group by
	// itself waits: several rounds of discovery.
	settleMin   = time.Second
	settleAlone = 7 * time.Second
	// twinAfter is how long two identities of one myid must speak before that is told. A member that lost its disk is
	// back at once, and its old identity was just heard.
	twinAfter = 3 * time.Second
	// learnStable is how long a learner must keep up before it gets a vote, learnLag how many entries behind is keeping
	// up.
	learnStable = 10 * time.Second
	learnLag    = 16
	// votersMin is the size below which nobody is removed for being silent.
	votersMin = 3
	// stallMax is the time between two ticks from which on a leader doubts that it still is one.
	stallMax = ElectionTimeout
)
