package configs

import "math"

// fieldOf is the way to the value of a row.
type fieldOf = func(*Sentinel, *MonitoredPrimary) any

func ofSentinel(field func(*Sentinel) any) fieldOf {
	return func(s *Sentinel, _ *MonitoredPrimary) any { return field(s) }
}

func ofPrimary(field func(*MonitoredPrimary) any) fieldOf {
	return func(_ *Sentinel, p *MonitoredPrimary) any { return field(p) }
}

// oneWord is what follows most directives.
var oneWord = []int{1}

// yesOrNo is Valkey's refusal of anything else.
func yesOrNo(what string) error { return refusal("Please specify yes or no for the " + what) }

func sentinelIdentity() []SentinelDirective {
	return []SentinelDirective{
		{Name: "myid", Form: "<40 hex digits>", State: true, words: oneWord, kind: identity{},
			field: ofSentinel(func(s *Sentinel) any { return &s.MyID }),
			Doc:   "Who this sentinel is to the others; drawn at the first start."},
		{Name: "deny-scripts-reconfig", Form: "yes", words: oneWord, kind: yesno{def: true}, keeps: true,
			field:   ofSentinel(func(s *Sentinel) any { return &s.DenyScriptsReconfig }),
			refused: yesOrNo("deny-scripts-reconfig options."),
			Doc:     "Refuse SENTINEL SET of scripts, so that a client cannot have programs run here."},
		{Name: "resolve-hostnames", Form: "no", words: oneWord, kind: yesno{}, keeps: true,
			field:   ofSentinel(func(s *Sentinel) any { return &s.ResolveHostnames }),
			refused: yesOrNo("resolve-hostnames option."),
			Doc:     "Take host names wherever an address is wanted. They must resolve promptly on every machine."},
		{Name: "announce-hostnames", Form: "no", words: oneWord, kind: yesno{}, keeps: true,
			field:   ofSentinel(func(s *Sentinel) any { return &s.AnnounceHostnames }),
			refused: yesOrNo("announce-hostnames option."),
			Doc:     "Tell clients, servers and other sentinels host names instead of addresses."},
	}
}

// sentinelWatch is the rows of what a primary is watched with.
func sentinelWatch() []SentinelDirective {
	return []SentinelDirective{
		{Name: "monitor", Form: "mymaster 127.0.0.1 6379 2", words: []int{3}, kind: monitored{}, phase: phaseMonitor,
			field: ofPrimary(func(p *MonitoredPrimary) any { return p }), check: checkInstance,
			Doc: "Watch a primary: its name, host and port, and the quorum, which is how many sentinels must find it " +
				"down before it counts as down. A failover needs the majority of the sentinels besides."},
		{Name: "down-after-milliseconds", Form: "mymaster 30000", words: oneWord, phase: phasePrimary,
			kind: millis{defaultDownAfter, 1}, field: ofPrimary(func(p *MonitoredPrimary) any { return &p.DownAfter }),
			Doc: "Milliseconds without a valid answer after which this sentinel finds the primary, one of its " +
				"replicas or another sentinel down."},
		{Name: "failover-timeout", Form: "mymaster 180000", words: oneWord, phase: phasePrimary,
			kind:  millis{defaultFailoverTimeout, 1},
			field: ofPrimary(func(p *MonitoredPrimary) any { return &p.FailoverTimeout }),
			Doc: "Milliseconds that a step of a failover may take, and after which a replica of a wrong primary is " +
				"put right."},
		{Name: "parallel-syncs", Form: "mymaster 1", words: oneWord, phase: phasePrimary,
			kind:  number{defaultParallelSyncs, 1, math.MaxInt32, plain},
			field: ofPrimary(func(p *MonitoredPrimary) any { return &p.ParallelSyncs }),
			Doc:   "Replicas that are pointed to the new primary at a time."},
		{Name: "notification-script", Form: "mymaster /var/valkey/notify.sh", words: oneWord, phase: phasePrimary,
			kind: text{unset: true}, field: ofPrimary(func(p *MonitoredPrimary) any { return &p.NotificationScript }),
			check: checkExecutable(errScript),
			Doc:   "Program run at every event of level warning, with the event's name and its text."},
		{Name: "client-reconfig-script", Form: "mymaster /var/valkey/reconfig.sh", words: oneWord, phase: phasePrimary,
			kind: text{unset: true}, field: ofPrimary(func(p *MonitoredPrimary) any { return &p.ClientReconfigScript }),
			check: checkExecutable(errReconfigScript),
			Doc: "Program run when the primary's address changes: name, leader or observer, start, old host and " +
				"port, new host and port. It may be run more than once for one change."},
		{Name: "auth-pass", Form: "mymaster secret", words: oneWord, phase: phasePrimary, kind: text{unset: true},
			field: ofPrimary(func(p *MonitoredPrimary) any { return &p.AuthPass }),
			Doc:   "Password for the primary and its replicas."},
		{Name: "auth-user", Form: "mymaster sentinel-user", words: oneWord, phase: phasePrimary, kind: text{unset: true},
			field: ofPrimary(func(p *MonitoredPrimary) any { return &p.AuthUser }),
			Doc:   "User for the primary and its replicas; the default user if there is no line."},
		{Name: "primary-reboot-down-after-period", Alias: "master-reboot-down-after-period", Form: "mymaster 0",
			words: oneWord, phase: phasePrimary, kind: millis{0, 0},
			field: ofPrimary(func(p *MonitoredPrimary) any { return &p.RebootDownAfterPeriod }),
			Doc: "Milliseconds that a primary may be loading after it was started anew, until it counts as down; 0 " +
				"does not limit them."},
		{Name: "config-epoch", Form: "mymaster 0", State: true, words: oneWord, phase: phasePrimary, kind: epoch{},
			field: ofPrimary(func(p *MonitoredPrimary) any { return &p.ConfigEpoch }),
			Doc:   "Epoch of the failover that gave the primary its address."},
		{Name: "leader-epoch", Form: "mymaster 0", State: true, words: oneWord, phase: phasePrimary, kind: epoch{},
			field: ofPrimary(func(p *MonitoredPrimary) any { return &p.LeaderEpoch }),
			Doc:   "Epoch of the last vote for the primary."},
		{Name: "known-replica", Alias: "known-slave", Form: "mymaster 127.0.0.1 6380", State: true, words: []int{2},
			phase: phasePrimary, kind: instances{}, check: checkInstance,
			field: ofPrimary(func(p *MonitoredPrimary) any { return &p.Replicas }),
			Doc:   "A replica of the primary."},
		{Name: "known-sentinel", Form: "mymaster 127.0.0.1 26380 <its myid>", State: true, words: []int{2, 3},
			phase: phasePrimary, kind: peers{}, check: checkInstance,
			field: ofPrimary(func(p *MonitoredPrimary) any { return &p.Sentinels }),
			Doc:   "Another sentinel that watches the primary."},
		{Name: "rename-command", Form: "mymaster CONFIG GUESSME", words: []int{2}, phase: phasePrimary, kind: renames{},
			field: ofPrimary(func(p *MonitoredPrimary) any { return &p.RenameCommands }),
			Doc:   "Name under which the primary and its replicas know a command."},
		{Name: "max-lag-bytes", Form: "mymaster 0", Own: true, words: oneWord, phase: phasePrimary,
			kind:  number{0, 0, math.MaxInt64, memory},
			field: ofPrimary(func(p *MonitoredPrimary) any { return &p.MaxLagBytes }),
			Doc:   "Bytes of the stream that a replica may be behind the primary and still be promoted; 0 has no bound."},
	}
}

func sentinelState() []SentinelDirective {
	return []SentinelDirective{
		{Name: "current-epoch", Form: "0", State: true, words: oneWord, kind: epoch{},
			field: ofSentinel(func(s *Sentinel) any { return &s.CurrentEpoch }),
			Doc:   "Latest epoch that the sentinels have used for any primary."},
	}
}

func sentinelNetwork() []SentinelDirective {
	return []SentinelDirective{
		{Name: "announce-ip", Form: "1.2.3.4", words: oneWord, kind: text{unset: true},
			field: ofSentinel(func(s *Sentinel) any { return &s.AnnounceIP }),
			Doc:   "Address that others reach this sentinel at, where it cannot find out by itself."},
		{Name: "announce-port", Form: "26379", words: oneWord, kind: number{0, 0, portMax, plain},
			field: ofSentinel(func(s *Sentinel) any { return &s.AnnouncePort }),
			Doc:   "Port that others reach this sentinel at, if not its own."},
		{Name: "sentinel-user", Form: "sentinel-user", words: oneWord, kind: text{unset: true},
			field: ofSentinel(func(s *Sentinel) any { return &s.User }),
			Doc:   "User under which this sentinel speaks to the other sentinels."},
		{Name: "sentinel-pass", Form: "secret", words: oneWord, kind: text{unset: true},
			field: ofSentinel(func(s *Sentinel) any { return &s.Pass }),
			Doc:   "Password for the other sentinels. Without it requirepass is used, which is then the same everywhere."},
	}
}

// sentinelQuorum is the rows that a stock sentinel does not know.
func sentinelQuorum() []SentinelDirective {
	return []SentinelDirective{
		{Name: "bootstrap-expect", Form: "3", Own: true, words: oneWord, kind: number{0, 1, 1000, plain},
			field: ofSentinel(func(s *Sentinel) any { return &s.BootstrapExpect }),
			Doc: "Sentinels that must have met before they form a group. Without the line it is the largest 2 * " +
				"quorum - 1 of the primaries."},
		{Name: "quorum-peer", Form: "192.168.1.2 26379", Own: true, words: []int{2}, kind: instances{},
			check: checkInstance,
			field: ofSentinel(func(s *Sentinel) any { return &s.QuorumPeers }),
			Doc:   "Address of another sentinel of the group, one a line, for fleets that want a list."},
		{Name: "quorum-forget-after", Form: "86400000", Own: true, words: oneWord,
			kind:  millis{defaultQuorumForgetAfter, 1},
			field: ofSentinel(func(s *Sentinel) any { return &s.QuorumForgetAfter }),
			Doc:   "Milliseconds that a member of the group may be gone until it is removed."},
		{Name: "consistent-reads", Form: "no", Own: true, words: oneWord, kind: yesno{}, keeps: true,
			field:   ofSentinel(func(s *Sentinel) any { return &s.ConsistentReads }),
			refused: yesOrNo("consistent-reads option."),
			Doc: "Answer a client's question for an address only when the group's majority confirms it, and " +
				"NOQUORUM otherwise."},
	}
}
