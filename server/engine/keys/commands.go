// Package keys holds the commands that work on keys of any type, on their deadlines, and on whole databases.
//
// Each file is a command or a tight group: its declaration, then its handler. Start reading at rename.go, which has
// all that a change of the keyspace must tell: both keys, the events, one change.
package keys

import "valkey/server/engine"

// Commands is the family.
var Commands = []engine.Command{
	Copy, DBSize, Del, Dump, Exists, Expire, ExpireAt, ExpireTime, FlushAll, FlushDB, Keys, Migrate, Move, Object,
	Persist, PExpire, PExpireAt, PExpireTime, PTTL, RandomKey, Rename, RenameNX, Restore, Scan, SwapDB, Touch, TTL, Type,
	Unlink,
}
