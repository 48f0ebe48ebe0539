package server

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"

	"valkey/frontend/session"
	"valkey/server/repl"
	"valkey/server/snapshot"
	"valkey/store/rdb"
)

// fullSync is a snapshot that is being made for replicas. Those that share it began at its very moment.
type fullSync struct {
	offset   int64          // of the stream at that moment
	transfer *repl.Transfer // nil if it goes through the data file
	wants    wants
	job      *snapshot.Job // nil if there is no data in it
	over     bool          // everything is written
	replicas int           // of a transfer: those that are not gone, whether or not they have all of it
}

// wants is what replicas must agree in to share a snapshot.
type wants struct {
	version             rdb.Version
	noData, noFunctions bool
	channel             bool
}

// wantsOf is what a replica wants. One that needs to know the length beforehand gets the data file, which others may
// share, so it is always of our version.
func wantsOf(r *session.Replica) wants {
	w := wants{version: rdb.V80, noData: r.NoData, noFunctions: r.NoFunctions, channel: r.RDBChannel}
	if r.EOF && r.Version < firstV80 {
		w.version = rdb.V11
	}
	return w
}

// firstV80 is the first version of Valkey that reads rdb.V80.
const firstV80 = 0x090000

// markBytes is the length of the mark that ends a snapshot of unknown length.
const markBytes = 40

// errReplicasGone ends a snapshot that no replica waits for any more.
var errReplicasGone = errors.New("server: no replica waits for the snapshot")

// copyTo begins to copy everything to a replica, at once or when others are there to share the snapshot.
func (s *Server) copyTo(f *follower) error {
	e, h, r := s.engine, s.history, f.client.Replica
	e.Stats.FullSyncs++
	f.sinceMs = e.NowMs()
	r.Stream = f
	f.conn.SetSource(f.outlet)
	e.Follow(f.client, session.ReplicaWaitStart)
	if len(e.Followers) == 1 && !h.Active() {
		h.Renew()
		h.Activate()
		s.feedReplicas()
		second, _ := h.Second()
		s.note("Replication backlog created, my new replication IDs are '%s' and '%s'", h.ID(), second)
	}
	switch {
	case s.jobRunning(jobSave):
		s.joinSave(f)
	case s.jobRunning(jobSync):
		s.note("Current BGSAVE has socket target. Waiting for next BGSAVE for SYNC")
	case s.config.ReplDisklessSync && r.EOF && s.config.ReplDisklessSyncDelay > 0:
		s.note("Delay next BGSAVE for diskless SYNC")
	case s.jobRunning():
		s.note("No BGSAVE in progress, but another BG operation is active. BGSAVE for replication delayed")
	default:
		s.startSync(wantsOf(r))
	}
	return nil
}

// joinSave lets a replica share a save that runs, if another one waits for it: only then the stream since its moment is
// kept.
func (s *Server) joinSave(f *follower) {
	r := f.client.Replica
	for _, cl := range s.engine.Followers {
		o := followerOf(cl)
		if cl == f.client || o == nil || cl.Replica.State != session.ReplicaWaitEnd || o.sync.transfer != nil {
			continue
		}
		if o.sync.wants == wantsOf(r) && (!cl.Replica.EOF || r.EOF) && (!cl.Replica.PSync2 || r.PSync2) &&
			(!cl.Replica.RDBOnly || r.RDBOnly) {
			s.await(f, o.sync)
			s.note("Waiting for end of BGSAVE for SYNC")
			return
		}
	}
	s.note("Can't attach the replica to the current BGSAVE. Waiting for next BGSAVE for SYNC")
}

// await has a replica wait for a snapshot, and keeps the stream from its moment on.
func (s *Server) await(f *follower, y *fullSync) {
	r := f.client.Replica
	r.State = session.ReplicaWaitEnd
	f.sync = y
	if r.RDBChannel {
		s.awaitStream(f, y)
	} else if !r.RDBOnly {
		f.reader = s.history.Read(y.offset)
		s.history.ForceSelect()
	}
	if !r.OldSync {
		f.outlet.Say(fmt.Sprintf("+FULLRESYNC %s %d\r\n", s.history.ID(), y.offset))
	}
	f.conn.Pull()
}

// startPending starts the snapshot that replicas wait for, once the longest wait is long enough or enough are there.
func (s *Server) startPending() {
	e, c := s.engine, s.config
	if s.jobRunning() {
		return
	}
	var want wants
	waiting, longest := int64(0), int64(0)
	for _, cl := range e.Followers {
		if cl.Replica.State != session.ReplicaWaitStart || followerOf(cl).doomed {
			continue
		}
		if waiting == 0 {
			want = wantsOf(cl.Replica)
		} else if wantsOf(cl.Replica) != want {
			continue
		}
		waiting++
		longest = max(longest, s.secondsSince(followerOf(cl).sinceMs))
	}
	enough := c.ReplDisklessSyncMaxReplicas > 0 && waiting >= c.ReplDisklessSyncMaxReplicas
	if waiting > 0 && (!c.ReplDisklessSync || enough || longest >= c.ReplDisklessSyncDelay) {
		s.startSync(want)
	}
}

// startSync starts a snapshot for all replicas that wait for one and want it so.
func (s *Server) startSync(want wants) {
	var group []*follower
	eof := true
	for _, cl := range s.engine.Followers {
		f := followerOf(cl)
		if cl.Replica.State == session.ReplicaWaitStart && wantsOf(cl.Replica) == want && !f.doomed {
			group = append(group, f)
			eof = eof && cl.Replica.EOF
		}
	}
	filtered := want.noData || want.noFunctions || want.channel
	y := &fullSync{offset: s.history.Offset(), wants: want}
	target, how := "disk", "normal sync"
	if eof && (s.config.ReplDisklessSync || filtered || want.version != rdb.V80) {
		target = "replicas sockets"
		y.transfer = repl.NewTransfer(s.loops.Wake)
	}
	if want.channel {
		how = "dual-channel"
	}
	s.note("Starting BGSAVE for SYNC with target: %s using: %s", target, how)
	if y.transfer == nil {
		s.syncByFile(y, group)
	} else {
		s.syncBySocket(y, group)
	}
}

func (s *Server) syncByFile(y *fullSync, group []*follower) {
	if err := s.backgroundSave(); err != nil {
		s.failGroup(group)
		return
	}
	s.feeding.fileIsTheirs = s.config.RdbDelSyncFiles
	s.feeding.bySave = y
	for _, f := range group {
		s.await(f, y)
	}
}

// failGroup tells replicas that there will be no snapshot.
func (s *Server) failGroup(group []*follower) {
	s.warn("BGSAVE for replication failed")
	for _, f := range group {
		f.outlet.Say("-ERR BGSAVE failed, replication can't continue\r\n")
		f.conn.Pull()
		f.doomed = true
	}
}

func (s *Server) syncBySocket(y *fullSync, group []*follower) {
	var random [markBytes / 2]byte
	rand.Read(random[:]) // never fails
	mark := hex.EncodeToString(random[:])
	for _, f := range group { // before anything is written
		f.piece = y.transfer.Read(f.conn.Pull)
	}
	o := s.snapshotOptions(y.wants.version, false)
	if y.wants.noFunctions {
		o.Functions = nil
	}
	o.Out, o.Failed = y.transfer, y.transfer.Abort
	o.Finish = func(err error) error {
		if err == nil {
			_, err = io.WriteString(y.transfer, mark)
		}
		if err == nil {
			y.transfer.Finish()
		}
		return err
	}
	o.Done = func(r snapshot.Result) { s.socketSynced(y, r.Err) }
	if y.wants.noData {
		s.syncWithoutData(y, o)
	} else {
		var err error
		if y.job, err = s.startJob(jobSync, o); err != nil {
			s.warn("Can't save in background: %s", err)
			for _, f := range group {
				y.transfer.End(f.piece)
				f.piece = nil
			}
			s.failGroup(group)
			return
		}
	}
	s.note("Background RDB transfer started")
	y.replicas = len(group)
	for _, f := range group {
		s.await(f, y)
		f.outlet.Say("$EOF:" + mark + "\r\n")
		f.outlet.Switch(f.piece)
		f.conn.Pull()
	}
}

// syncWithoutData writes a snapshot that has only a head: there is nothing to cut.
func (s *Server) syncWithoutData(y *fullSync, o snapshot.Options) {
	d := new(rdb.Draft)
	for _, a := range o.Aux {
		d.Aux(a.Name, a.Value)
	}
	for _, f := range o.Functions {
		d.Function(f)
	}
	go func() { // of its own: it ends when its replicas have everything, or are gone
		w := rdb.NewSealer(o.Out, rdb.SealOptions{Version: o.Version, Compress: o.Compress, Checksum: o.Checksum})
		err := w.Begin()
		if err == nil {
			err = w.Seal(d)
		}
		if err == nil {
			err = w.End()
		}
		err = o.Finish(err)
		s.locked(func() { s.socketSynced(y, err) })
	}()
}

// socketSynced hears that a snapshot for replicas is over: it was written, though not all of it may be on its way, or
// it failed.
func (s *Server) socketSynced(y *fullSync, err error) {
	y.over = true
	if err == nil {
		s.note("Background RDB transfer terminated with success")
		s.note("Diskless rdb transfer, done reading from pipe, %d replicas still up.", y.replicas)
		return
	}
	s.log.Warn().Err(err).Msg("Background RDB transfer error")
	s.failSync(y)
}

// failSync drops the replicas of a snapshot that failed. They come back.
func (s *Server) failSync(y *fullSync) {
	for _, cl := range slices.Backward(s.engine.Followers) {
		if f := followerOf(cl); f != nil && f.sync == y && cl.Replica.State == session.ReplicaWaitEnd {
			s.warn("SYNC failed. BGSAVE child returned an error")
			s.engine.Kill(cl)
		}
	}
}

// saved hears of the end of every save to the data file.
func (s *Server) saved(kind jobKind, r snapshot.Result) {
	y := s.feeding.bySave
	if kind != jobSave || y == nil {
		return
	}
	s.feeding.bySave = nil
	y.over = true
	if r.Err != nil {
		s.failSync(y)
		return
	}
	for _, cl := range slices.Backward(s.engine.Followers) {
		f := followerOf(cl)
		if f == nil || f.sync != y || cl.Replica.State != session.ReplicaWaitEnd {
			continue
		}
		if err := s.sendFile(f); err != nil {
			s.warn("SYNC failed. Can't open DB after BGSAVE: %s", err)
			s.engine.Kill(cl)
		}
	}
}

// sendFile sends the data file to a replica.
func (s *Server) sendFile(f *follower) error {
	file, err := s.fs.Open(s.dataFile())
	if err != nil {
		return err
	}
	info, err := file.Stat()
	if err != nil {
		return errors.Join(err, file.Close())
	}
	f.client.Replica.State = session.ReplicaSendBulk
	f.file = newFileFeed(file, info.Size(), s.loops.Wake)
	f.outlet.Say(fmt.Sprintf("$%d\r\n", info.Size()))
	f.outlet.Switch(f.file)
	f.conn.Pull()
	return nil
}

// lookAfterSyncs moves on the replicas that have been sent their snapshot.
func (s *Server) lookAfterSyncs() {
	e := s.engine
	for _, cl := range slices.Backward(e.Followers) {
		f := followerOf(cl)
		switch {
		case f == nil:
		case f.doomed:
			if f.outlet.Empty() {
				e.Kill(cl)
			}
		case cl.Replica.State == session.ReplicaSendBulk && f.file.failed.Load():
			s.warn("Read error sending DB to replica: %s", replicaName(cl))
			e.Kill(cl)
		case cl.Replica.State == session.ReplicaSendBulk && f.file.done.Load():
			f.file.close()
			f.file = nil
			if s.putOnline(f) {
				s.startStream(f)
			}
		case cl.Replica.State == session.ReplicaWaitEnd && f.piece != nil && f.piece.Done():
			s.socketDone(f)
		}
	}
}

// socketDone goes on once a replica was sent all of a snapshot without a length. It finds the end by comparing the last
// bytes it has got with the mark, so nothing may follow before it has said that it did.
func (s *Server) socketDone(f *follower) {
	s.note("Streamed RDB transfer with replica %s succeeded (socket). Waiting for REPLCONF ACK from replica to "+
		"enable streaming", replicaName(f.client))
	f.sync.transfer.End(f.piece)
	f.outlet.Switch(nil)
	f.piece = nil
	s.stopAtCopy()
	if s.putOnline(f) {
		f.onAck = true
	}
}

// putOnline ends a full copy. It returns false for a replica that wanted no more than that.
func (s *Server) putOnline(f *follower) bool {
	r := f.client.Replica
	f.sync = nil
	if r.RDBOnly {
		r.State = session.ReplicaTransmitted
		s.note("RDB transfer completed, rdb only replica (%s) should be disconnected asap", replicaName(f.client))
		s.engine.Kill(f.client)
		return false
	}
	r.State = session.ReplicaOnline
	r.AckMs = s.engine.NowMs()
	s.engine.RefreshGoodReplicas()
	s.note("Synchronization with replica %s succeeded", replicaName(f.client))
	return true
}

// leaveSync takes a replica that is gone out of its snapshot, and ends that if nobody else wants it.
func (s *Server) leaveSync(f *follower) {
	y := f.sync
	if y != nil {
		y.replicas--
	}
	if f.file != nil {
		f.file.close()
	}
	if f.piece != nil && y.transfer.End(f.piece) == 0 && !y.over {
		s.note("Diskless rdb transfer, last replica dropped, killing fork child.")
		y.transfer.Abort(errReplicasGone)
		if y.job != nil {
			y.job.Abort(errReplicasGone)
		}
	}
	if y == nil || y.transfer != nil || y.over || y != s.feeding.bySave || len(s.config.Save) > 0 {
		return
	}
	for _, cl := range s.engine.Followers {
		if o := followerOf(cl); o != nil && o.sync == y {
			return
		}
	}
	s.note("Background saving, persistence disabled, last replica dropped, killing fork child.")
	s.abortJobs(errKilled, jobSave)
}

// removeSyncFile removes the data file of a server that keeps none for itself, when it has served the replicas.
func (s *Server) removeSyncFile() {
	v := &s.feeding
	switch {
	case !s.config.RdbDelSyncFiles:
		v.fileIsTheirs = false
		return
	case !v.fileIsTheirs, len(s.config.Save) > 0, s.engine.AOF != nil:
		return
	}
	for _, cl := range s.engine.Followers {
		switch cl.Replica.State {
		case session.ReplicaWaitStart, session.ReplicaWaitEnd, session.ReplicaSendBulk:
			return
		default:
		}
	}
	v.fileIsTheirs = false
	s.note("Removing the RDB file used to feed replicas in a persistence-less instance")
	_ = s.fs.Remove(s.dataFile()) // the next one replaces it
}

// replicationAux is what the head of a snapshot says of the stream, so that whoever loads it can go on from there.
func (s *Server) replicationAux() []snapshot.Aux {
	h := s.history
	if s.primaryLink() == nil && !h.Active() {
		return nil
	}
	aux := []snapshot.Aux{
		{Name: "repl-stream-db", Value: fmt.Sprint(s.selectedDB())},
		{Name: "repl-id", Value: h.ID()},
		{Name: "repl-offset", Value: fmt.Sprint(h.Offset())},
	}
	if s.feeding.emptyStart {
		aux = append(aux, snapshot.Aux{Name: snapshot.EmptyStart, Value: "1"})
	}
	return aux
}

// selectedDB is the database that the stream has selected at its present offset.
func (s *Server) selectedDB() int {
	if s.isReplica() {
		return s.streamDB()
	}
	return max(s.history.DB(), 0)
}
