package replication

import (
	"math"

	"valkey/frontend/command"
	"valkey/frontend/resp"
	"valkey/frontend/session"
	"valkey/server/engine"
)

// Wait waits until replicas have what the connection wrote.
var Wait = engine.Command{
	Spec: command.Spec{
		Name: "wait", Group: command.GroupGeneric, Since: "3.0.0",
		Complexity: "O(1)",
		Summary:    "Waits until replicas have acknowledged the connection's writes so far.",
		Arity:      3,
		Flags:      command.Blocking,
		Categories: command.CategoryConnection,
		Args:       []command.Arg{command.Int("numreplicas"), command.Int("timeout")},
		Tips:       []string{"request_policy:all_shards", "response_policy:agg_min"},
	},
	Run: wait,
}

// WaitAOF waits until append-only files hold what the connection wrote.
var WaitAOF = engine.Command{
	Spec: command.Spec{
		Name: "waitaof", Group: command.GroupGeneric, Since: "7.2.0",
		Complexity: "O(1)",
		Summary:    "Waits until the connection's writes so far are on disk, here or at replicas.",
		Arity:      4,
		Flags:      command.Blocking,
		Categories: command.CategoryConnection,
		Args: []command.Arg{
			command.Int("numlocal"), command.Int("numreplicas"), command.Int("timeout"),
		},
		Tips: []string{"request_policy:all_shards", "response_policy:agg_min"},
	},
	Run: waitAOF,
}

func wait(c *engine.Call) error {
	if c.Host.Replication().Primary != nil {
		return engine.ErrWaitOnReplica
	}
	want, err := c.Int(1)
	if err != nil {
		return err
	}
	deadline, err := timeout(c, 2)
	if err != nil {
		return err
	}
	e, offset := c.Engine, c.Client.WriteOffset
	if n := e.Acked(offset); n >= want || !c.MayBlock() {
		c.Reply.Int(n)
		return nil
	}
	c.Block(engine.BlockOptions{
		Kind: session.BlockReplicas, Deadline: deadline,
		TimedOut: func(w *resp.Writer) { w.Int(e.Acked(offset)) },
		Ready: func(w *resp.Writer) bool {
			n := e.Acked(offset)
			if n < want {
				return false
			}
			w.Int(n)
			return true
		},
	})
	e.RequestAcks()
	return nil
}

func waitAOF(c *engine.Call) error {
	local, ok := resp.ParseInt(c.Argv[1])
	if !ok {
		return engine.ErrNotInteger
	}
	if local < 0 || local > 1 {
		return engine.Errorf("value is out of range, value must between 0 and 1")
	}
	want, ok := resp.ParseInt(c.Argv[2])
	if !ok {
		return engine.ErrNotInteger
	}
	if want < 0 {
		return engine.ErrNotPositive
	}
	deadline, err := timeout(c, 3)
	switch {
	case err != nil:
		return err
	case c.Host.Replication().Primary != nil:
		return engine.ErrWaitAOFOnReplica
	case local > 0 && !c.Config.Appendonly:
		return engine.ErrWaitAOFWithoutFile
	}
	e, offset := c.Engine, c.Client.WriteOffset
	reply := func(w *resp.Writer) {
		w.Array(2)
		w.Int(inFile(e, offset))
		w.Int(e.AckedInFile(offset))
	}
	ready := func() bool { return inFile(e, offset) >= local && e.AckedInFile(offset) >= want }
	if ready() || !c.MayBlock() {
		reply(c.Reply)
		return nil
	}
	c.Block(engine.BlockOptions{
		Kind: session.BlockReplicas, Deadline: deadline, TimedOut: reply,
		Ready: func(w *resp.Writer) bool {
			if local > 0 && !e.Config.Appendonly { // it was switched off meanwhile
				w.Error(engine.ErrWaitAOFWithoutFile.Error())
				return true
			}
			if !ready() {
				return false
			}
			reply(w)
			return true
		},
	})
	e.RequestAcks()
	return nil
}

// inFile is 1 when this server's own file holds the stream up to an offset for good.
func inFile(e *engine.Engine, offset int64) int64 {
	if e.Host.Replication().FileOffset >= offset {
		return 1
	}
	return 0
}

// timeout reads argument i, milliseconds from now, as a deadline; 0 is none.
func timeout(c *engine.Call, i int) (deadline int64, err error) {
	ms, ok := resp.ParseInt(c.Argv[i])
	switch {
	case !ok:
		return 0, engine.ErrTimeoutInt
	case ms < 0:
		return 0, engine.ErrTimeoutNeg
	case ms > math.MaxInt64-c.NowMs():
		return 0, engine.ErrTimeoutRange
	case ms == 0:
		return 0, nil
	}
	return c.NowMs() + ms, nil
}
