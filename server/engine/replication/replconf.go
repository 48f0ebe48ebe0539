package replication

import (
	"bytes"
	"strings"

	"valkey/frontend/command"
	"valkey/frontend/resp"
	"valkey/frontend/session"
	"valkey/server/engine"
)

// ReplConf is how a replica tells about itself before PSYNC, and how far it is after that.
var ReplConf = engine.Command{
	Spec: command.Spec{
		Name: "replconf", Group: command.GroupServer, Since: "3.0.0",
		Complexity: "O(1)",
		Summary:    "Tells a server about the replica at the other end, or asks a replica how far it is.",
		Arity:      -1,
		Flags:      command.Admin | command.NoScript | command.Loading | command.Stale | command.AllowBusy,
		DocFlags:   command.DocSyscmd,
	},
	Run: replconf,
}

// addressMax is the longest address that a replica may announce.
const addressMax = 255

func replconf(c *engine.Call) error {
	if len(c.Argv)%2 == 0 {
		return engine.ErrSyntax
	}
	r := c.Client.Replica
	if r == nil {
		r = &session.Replica{}
		c.Client.Replica = r
	}
	for i := 1; i < len(c.Argv); i += 2 {
		value := c.Argv[i+1]
		var err error
		switch {
		case c.Is(i, "listening-port"):
			var port int64
			if port, err = c.Int(i + 1); err == nil {
				r.Port = int(port)
			}
		case c.Is(i, "ip-address"):
			if len(value) > addressMax {
				return engine.Errorf("REPLCONF ip-address provided by replica instance is too long: %d bytes", len(value))
			}
			r.Address = string(value)
		case c.Is(i, "capa"):
			capability(c, r, value)
		case c.Is(i, "ack"):
			acknowledge(c, r, i)
			return nil
		case c.Is(i, "getack"):
			if c.Client.Obeyed { // what comes from others means nothing
				c.Host.SendAck()
			}
			return nil
		case c.Is(i, "rdb-only"):
			r.RDBOnly, err = flag(value)
		case c.Is(i, "rdb-channel"):
			r.RDBChannel, err = flag(value)
		case c.Is(i, "rdb-filter-only"):
			err = filter(r, value)
		case c.Is(i, "version"):
			var ok bool
			if r.Version, ok = parseVersion(value, r.Version); !ok {
				return engine.Errorf("Unrecognized version format: %s", value)
			}
		case c.Is(i, "set-rdb-client-id"):
			err = rdbClient(c, r, i+1)
		case c.Is(i, "set-cluster-node-id"):
			return engine.Errorf("This instance has cluster support disabled")
		default:
			return engine.Errorf("Unrecognized REPLCONF option: %s", c.Argv[i])
		}
		if err != nil {
			return err
		}
	}
	c.Reply.OK()
	return nil
}

// capability notes what a replica can; what is not known is left alone.
func capability(c *engine.Call, r *session.Replica, word []byte) {
	switch strings.ToLower(string(word)) {
	case "eof":
		r.EOF = true
	case "psync2":
		r.PSync2 = true
	case "skip-rdb-checksum":
		r.NoChecksum = true
	case "dual-channel":
		if !c.Config.DualChannelReplicationEnabled {
			return
		}
		if !c.Config.ReplDisklessSync {
			c.Host.Log(session.LogNotice, "Dual channel capability ignored: repl-diskless-sync disabled")
			return
		}
		r.DualChannel = true
	}
}

// acknowledge notes how far a replica is. It has no reply, whatever it says.
func acknowledge(c *engine.Call, r *session.Replica, i int) {
	if !c.Client.IsReplica() {
		return
	}
	offset, ok := resp.ParseInt(c.Argv[i+1])
	if !ok {
		return
	}
	r.AckOffset = max(r.AckOffset, offset)
	if i+3 < len(c.Argv) && c.Is(i+2, "fack") {
		if offset, ok = resp.ParseInt(c.Argv[i+3]); !ok {
			return
		}
		r.AckFileOffset = max(r.AckFileOffset, offset)
	}
	r.AckMs = c.NowMs()
	c.Host.Acknowledged(c.Client)
}

func flag(value []byte) (bool, error) {
	n, ok := resp.ParseInt(value)
	if !ok {
		return false, engine.ErrNotInteger
	}
	if n < 0 || n > 1 {
		return false, engine.Errorf("value is out of range, value must between 0 and 1")
	}
	return n == 1, nil
}

// filter reads which parts of a snapshot are wanted: none but those that are named.
func filter(r *session.Replica, value []byte) error {
	r.NoData, r.NoFunctions = true, true
	for word := range bytes.FieldsSeq(value) {
		if !session.EqualFold(word, "functions") {
			return engine.Errorf("Unsupported rdb-filter-only option: %s", word)
		}
		r.NoFunctions = false
	}
	return nil
}

// parseVersion reads major.minor.patch, each a byte; it gives the old value if it is not that.
func parseVersion(text []byte, old int) (int, bool) {
	parts := bytes.Split(text, []byte("."))
	if len(parts) != 3 {
		return old, false
	}
	v := 0
	for _, p := range parts {
		n := 0
		for _, d := range p {
			if d < '0' || d > '9' || n > 255 {
				return old, false
			}
			n = n*10 + int(d-'0')
		}
		if n > 255 {
			return old, false
		}
		v = v<<8 | n
	}
	return v, true
}

// rdbClient joins the connection of a replica with the other one that its snapshot comes over.
func rdbClient(c *engine.Call, r *session.Replica, i int) error {
	id, err := c.Int(i)
	if err != nil {
		return err
	}
	if !c.Host.AwaitsStream(uint64(id)) {
		return engine.Errorf("Unrecognized RDB client id %d", id)
	}
	r.RDBClient = uint64(id)
	return nil
}
