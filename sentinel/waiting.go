package sentinel

import (
	"valkey/frontend/resp"
	"valkey/frontend/session"
	"valkey/sentinel/monitor"
)

// waiter is a client whose command is answered later: by the disk, or by the group.
type waiter struct{ client *session.Client } // nil: it has gone, or has its answer

// wait makes the client wait. Its next commands wait with it.
func (c *call) wait() *waiter {
	w := &waiter{client: c.Client}
	c.Client.Block = &session.Block{Kind: session.BlockAnswer, StartedNs: c.StartNs}
	c.s.waiting[c.Client] = w
	return w
}

// resume answers a client that waits.
func (s *Sentinel) resume(wt *waiter, write func(*resp.Writer) error) {
	cl := wt.client
	if cl == nil {
		return
	}
	wt.client, cl.Block = nil, nil
	delete(s.waiting, cl)
	mark := len(cl.W.Buf)
	if err := write(&cl.W); err != nil {
		s.front.WriteError(cl, err)
	}
	session.Suppress(cl, mark, false)
	cl.Link.Notify()
}

// forsake forgets that a client waits, which has gone.
func (s *Sentinel) forsake(cl *session.Client) {
	if w := s.waiting[cl]; w != nil {
		w.client = nil
		delete(s.waiting, cl)
	}
}

// ask puts an operator's wish to the monitor, and gives its answer if that comes at once.
func (s *Sentinel) ask(wish func(req uint64) monitor.Event) (req uint64, a monitor.Answer, ok bool) {
	s.requests++
	req = s.requests
	s.step(wish(req))
	a, ok = s.answers[req]
	delete(s.answers, req)
	return req, a, ok
}

// answered takes the monitor's answer to a wish.
func (s *Sentinel) answered(a monitor.Answer) {
	if w := s.wishes[a.Req]; w != nil {
		delete(s.wishes, a.Req)
		s.resume(w, func(w *resp.Writer) error { return answer(w, a) })
		return
	}
	s.answers[a.Req] = a
}

// answer writes a plain answer: OK, or why not.
func answer(w *resp.Writer, a monitor.Answer) error {
	if a.Err != nil {
		return refusal(a.Err)
	}
	w.OK()
	return nil
}
