package sentinel

import (
	"valkey/frontend/resp"
	"valkey/sentinel/ledger"
	"valkey/sentinel/monitor"
)

// primaryAddress answers GET-PRIMARY-ADDR-BY-NAME: from what has been applied, at once, unless the group is to be asked
// first.
func primaryAddress(c *call) error {
	if c.s.config.Sentinel.ConsistentReads {
		return confirmedAddress(c)
	}
	a, ok := c.s.monitor.Address(string(c.Argv[2]))
	writeAddress(c.Reply, a, ok)
	return nil
}

func writeAddress(w *resp.Writer, a ledger.Addr, ok bool) {
	if !ok {
		w.NullArray()
		return
	}
	w.Array(2)
	w.BulkString(a.Host)
	w.BulkInt(int64(a.Port))
}

// confirmedAddress answers when the group has confirmed that all that is agreed is applied here.
func confirmedAddress(c *call) error {
	s, name, w := c.s, string(c.Argv[2]), c.wait()
	s.inGroup(s.group.Confirm, func(err error) {
		s.resume(w, func(w *resp.Writer) error {
			if err != nil {
				return errNoQuorum
			}
			a, ok := s.monitor.Address(name)
			writeAddress(w, a, ok)
			return nil
		})
	})
	return nil
}

// writeRecord writes what is known of an instance.
func writeRecord(w *resp.Writer, fields []monitor.Field) {
	w.Map(len(fields))
	for _, f := range fields {
		w.BulkString(f.Name)
		w.BulkString(f.Value)
	}
}

// onePrimary answers PRIMARY.
func onePrimary(c *call) error {
	r, ok := c.s.monitor.Record(string(c.Argv[2]))
	if !ok {
		return errNoSuchPrimary
	}
	writeRecord(c.Reply, r)
	return nil
}

// allPrimaries answers PRIMARIES.
func allPrimaries(c *call) error {
	names := c.s.monitor.Names()
	c.Reply.Array(len(names))
	for _, name := range names {
		r, _ := c.s.monitor.Record(name)
		writeRecord(c.Reply, r)
	}
	return nil
}

// replicas answers REPLICAS, sentinels SENTINELS.
func replicas(c *call) error { return writeRecords(c, c.s.monitor.Replicas) }

func sentinels(c *call) error { return writeRecords(c, c.s.monitor.Sentinels) }

func writeRecords(c *call, of func(string) ([][]monitor.Field, bool)) error {
	list, ok := of(string(c.Argv[2]))
	if !ok {
		return errNoSuchPrimary
	}
	c.Reply.Array(len(list))
	for _, r := range list {
		writeRecord(c.Reply, r)
	}
	return nil
}

// infoCache answers INFO-CACHE. A name that is unknown, or comes again, is passed over.
func infoCache(c *call) error {
	w, at, n := c.Reply, c.Reply.Later(), 0
	seen := map[string]bool{}
	for _, arg := range c.Argv[2:] {
		name := string(arg)
		list, ok := c.s.monitor.InfoCache(name)
		if !ok || seen[name] {
			continue
		}
		seen[name] = true
		n += 2
		w.BulkString(name)
		w.Array(len(list))
		for _, i := range list {
			w.Array(2)
			w.Int(i.AgeMs)
			if i.Text == "" {
				w.Null()
			} else {
				w.BulkString(i.Text)
			}
		}
	}
	w.EndArray(at, n)
	return nil
}

// myID answers MYID.
func myID(c *call) error {
	c.Reply.BulkString(c.s.config.Sentinel.MyID)
	return nil
}

// history answers HISTORY: what was decided, oldest first.
func history(c *call) error {
	name := string(c.Argv[2])
	if c.s.ledger.Primary(name) == nil {
		return errNoSuchPrimary
	}
	list, w := c.s.ledger.History(name), c.Reply
	w.Array(len(list))
	for _, d := range list {
		w.Map(6)
		w.BulkString("index")
		w.Int(int64(d.Index))
		w.BulkString("time-ms")
		w.Int(d.At.UnixMilli())
		w.BulkString("by")
		w.BulkString(d.By)
		w.BulkString("epoch")
		w.Int(int64(d.Epoch))
		w.BulkString("what")
		w.BulkString(d.What)
		w.BulkString("detail")
		w.BulkString(d.Detail)
	}
	return nil
}
