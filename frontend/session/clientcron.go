package session

// ClientsCron looks at a share of the clients each tick, hz of them a second, so that each is seen about once a second:
// idle ones are closed (timeout), memory is accounted, reply buffers adapt.
func (f *Front) ClientsCron(hz int64) {
	n := f.Clients.Len()
	share := max(min(n, clientsPerTickMin), n/int(hz))
	for ; share > 0 && n > 0; share-- {
		c := f.next
		if c == nil || f.Clients.ByID(c.ID) != c {
			c = f.Clients.First()
		}
		f.next = f.Clients.After(c)
		f.clientCron(c)
	}
}

const clientsPerTickMin = 5

func (f *Front) clientCron(c *Client) {
	now := f.NowMs()
	if t := f.Config.Timeout; t > 0 && c.Block == nil && c.Class() == ClassNormal && !c.IsMonitor &&
		now-c.ActiveMs > t*1000 {
		f.Host.Log(LogVerbose, "Closing idle client")
		c.Kill()
		return
	}
	f.CheckOutput(c)
	f.resizeReply(c)
	f.AccountMemory(c)
}
