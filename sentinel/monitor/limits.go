package monitor

import "time"

// How much may be under way, and how long things may take, where stock Sentinel has no setting for it.
const (
	pendingMax       = 100     // commands without a reply on a link, for each group that shares it
	infoBytesMax     = 1 << 20 // of an INFO that is kept
	replicasMax      = 1000    // of a primary
	sentinelsMax     = 1000    // of a primary
	nameBytesMax     = 1000    // of a primary's name, a sentinel's id
	hostBytesMax     = 253     // of a host: DNS has no longer names
	consideredMax    = 256     // replicas that an entry tells of as the evidence of a choice
	helloFields      = 8       // of a hello message
	probedMax        = 100     // bytes kept of what a sentinel says that is none of ours
	helloFresh       = 5       // publish periods in which a sentinel that watches shows itself
	wakeMin          = time.Millisecond
	proposeRetry     = 100 * time.Millisecond // after the group did not take a proposal
	refusedNote      = 5                      // refusals in a row that are worth a line
	publishRetry     = 100 * time.Millisecond // after a hello could not be published
	choosePeriod     = 20 * time.Millisecond  // between INFOs to replicas while a candidate is chosen
	chooseWait       = 200 * time.Millisecond // for replicas that have not answered, before the others will do
	connectWait      = 2 * time.Second        // for a connection to a primary that is to hand over
	promotePeriod    = 10 * time.Millisecond  // between INFOs to the candidate
	handOverPeriod   = 30 * time.Millisecond  // the same while a hand-over goes on: scripts may see that it does
	promoteAgain     = time.Second            // between commands to a candidate that does not obey
	followPeriod     = 100 * time.Millisecond // between INFOs to replicas that are told to follow
	cutDeadline      = 200 * time.Millisecond // for the sentinels to know the new address before clients are cut
	handOverDeadline = 5 * time.Second        // for a hand-over that may be given up
	confirmFresh     = 500 * time.Millisecond // in which a confirmation counts: the shortest election timeout of the group
	standbyDelay     = 500 * time.Millisecond // for each sentinel before this one that could act and does not
	driverSilence    = 2 * time.Second        // until a driver that does not answer is replaced
	driverBroken     = 250 * time.Millisecond // the same for one whose connection broke
	retryDelay       = time.Second            // between failovers of a primary that end without a promotion
	retryDelayMax    = 10 * time.Second
	epochMax         = 1 << 62     // above what a vote may be asked for
	noteEvery        = time.Minute // for a note that would repeat
	remindEvery      = time.Hour   // for one about what may be meant to be so
	unevenMax        = 5           // primaries that are named as not watched by all
)
