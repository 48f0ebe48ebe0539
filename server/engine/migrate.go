package engine

import (
	"valkey/configs"
	"valkey/frontend/command"
	"valkey/frontend/resp"
	"valkey/frontend/session"
	"valkey/store/rdb"
)

// Migration is a MIGRATE under way. Its keys are on their way from here to there: until it ends, commands that touch
// them wait, so that nobody sees a key twice or writes to one that is about to be deleted. All else goes on. The shell
// carries them; the methods need the engine lock.
type Migration struct {
	Address  string // host:port
	DB       int64  // there
	Timeout  int64  // ms, of each step on the network
	Auth     [][]byte
	Copies   bool // the keys stay here, and may be read meanwhile
	Replaces bool

	Keys [][]byte

	e      *Engine
	client *session.Client
	block  *session.Block
	from   int // database
	next   int // in Keys
	lost   bool
}

// Parcel is a key with its value as it leaves.
type Parcel struct {
	Key     []byte
	TTL     int64 // ms; 0 for none
	Payload rdb.Payload
}

// The most that Pack packs: it is done under the lock, and is in memory until it is sent.
const (
	parcelsMax     = 128
	parcelBytesMax = 1 << 20
)

// moving is what the engine knows of keys on their way.
type moving struct {
	keys    map[string]bool // in whichever database; true: they may be read
	waiting []*session.Client
	ended   bool // a migration is over since waiting was looked at
}

// Migrate makes the client wait until its keys have gone. m's keys must be the caller's own, not the call's arguments.
func (c *Call) Migrate(m *Migration) {
	c.Block(BlockOptions{Kind: session.BlockMigrate})
	m.e, m.client, m.block, m.from = c.Engine, c.Client, c.Client.Block, c.Client.DB
	if c.moving.keys == nil {
		c.moving.keys = make(map[string]bool)
	}
	for _, k := range m.Keys {
		c.moving.keys[string(k)] = m.Copies
	}
	c.noEffect = true // what was taken there is deleted here later, and recorded then
	c.Host.Migrate(m)
}

// Rewind lets Pack begin anew.
func (m *Migration) Rewind() { m.next = 0 }

// Pack notes the next keys and their values. None means that there are no more.
func (m *Migration) Pack() (parcels []Parcel) {
	e := m.e
	for bytes := 0; m.next < len(m.Keys) && len(parcels) < parcelsMax && bytes < parcelBytesMax; m.next++ {
		name := m.Keys[m.next]
		en := e.Store.DB(m.from).Find(name, e.Store.Hash(name))
		if !en.Exists() || e.Expired(en) {
			continue
		}
		p := Parcel{Key: name}
		if at := en.ExpireAt(); at >= 0 {
			p.TTL = max(at-e.NowMs(), 1)
		}
		p.Payload.Note(en)
		bytes += len(name) + p.Payload.Len()
		parcels = append(parcels, p)
	}
	return parcels
}

// Unpack ends the use of parcels.
func (m *Migration) Unpack(parcels []Parcel) {
	for i := range parcels {
		for _, p := range parcels[i].Payload.Pins() {
			m.e.Store.Unpin(p)
		}
	}
}

var wordDelUpper = []byte("DEL")

// Taken deletes keys that are there now. A server that copies a primary since does not: its data is the primary's.
func (m *Migration) Taken(keys [][]byte) {
	e := m.e
	if m.Copies || len(keys) == 0 {
		return
	}
	if e.Gated(GateReplica) {
		m.lost = true
		return
	}
	argv := [][]byte{wordDelUpper}
	for _, k := range keys {
		if !e.Store.DB(m.from).Unlink(k, e.Store.Hash(k)) {
			continue
		}
		e.modified(m.from, k)
		if e.Config.NotifyKeyspaceEvents&configs.NotifyGeneric != 0 {
			e.notify(configs.NotifyGeneric, "del", k, m.from)
		}
		argv = append(argv, k)
	}
	if len(argv) > 1 {
		e.effect(ToAll, m.from, argv)
	}
}

// End answers the client, if it still waits, and lets those go on that the keys kept waiting.
func (m *Migration) End(err error) {
	e := m.e
	for _, k := range m.Keys {
		delete(e.moving.keys, string(k))
	}
	e.moving.ended = true
	if err == nil && m.lost {
		err = ErrRoleChanged
	}
	if m.client.Block == m.block {
		e.endWait(m.client, err, func(w *resp.Writer) { w.OK() })
	}
}

// touchesMoving reports whether a call, or what its EXEC would run, touches a key that is on its way.
func (e *Engine) touchesMoving(c *Call) bool {
	cl := c.Client
	if cl.Obeyed {
		return false // the keys are the primary's now
	}
	if c.Cmd.Name == "exec" && cl.Multi != nil {
		for _, q := range cl.Multi.Queue {
			if cmd, ok := e.Cmds.Lookup(q.Argv); ok && e.callMoves(&cmd.Decl, q.Argv) {
				return true
			}
		}
		return false
	}
	return cl.Multi == nil && e.callMoves(c.Cmd, c.Argv)
}

func (e *Engine) callMoves(cmd *command.Decl, argv [][]byte) bool {
	if cmd.Name == "swapdb" {
		return true // would exchange the database under them
	}
	if !cmd.HasKeys() {
		return false
	}
	var space [4]command.KeyRef
	keys, err := cmd.AppendKeys(argv, space[:0])
	if err != nil {
		return false // a syntax error, which the handler tells
	}
	for _, k := range keys {
		if readable, on := e.moving.keys[string(argv[k.Index])]; on && !(readable && k.Flags&command.RO != 0) {
			return true
		}
	}
	return false
}

// awaitMoving keeps a command until a migration has ended; it then runs from the beginning.
func (e *Engine) awaitMoving(c *Call) {
	argv, n := session.CopyArgv(c.Argv)
	c.Client.ArgvBytes = n
	c.Client.Block = &session.Block{Kind: session.BlockMoving, Argv: argv, StartedNs: c.StartNs}
	e.moving.waiting = append(e.moving.waiting, c.Client)
}

// resumeMoving runs what waited for migrations; what another one concerns waits on.
func (e *Engine) resumeMoving() {
	m := &e.moving
	list := m.waiting
	m.waiting, m.ended = nil, false
	e.rerun(list, session.BlockMoving)
}
