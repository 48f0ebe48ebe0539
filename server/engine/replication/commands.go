package replication

import "valkey/server/engine"

// Commands are all commands of the family.
var Commands = []engine.Command{
	Failover, PSync, ReadOnly, ReadWrite, ReplConf, ReplicaOf, ReplicaOfOld, Role, Sync, Wait, WaitAOF,
}
