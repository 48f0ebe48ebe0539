package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"time"

	"valkey/configs"
	"valkey/frontend/session"
	"valkey/internal/vfs"
	"valkey/server/aof"
	"valkey/server/engine"
)

// replay loads the append-only file: its base, if that is a snapshot, as every snapshot is loaded, and everything else
// by running it.
type replay struct {
	s      *Server
	locked func(func())    // runs a function under the engine lock
	quit   <-chan struct{} // gives the load up when closed
	before int64           // bytes of the parts before the present one
	client *session.Client
	window []engine.Prepared
}

// Limits of a replay.
const (
	// replayCommands is how many commands run in one hold of the engine lock.
	replayCommands = 512
	// replayBatches is how many batches are read ahead of their execution.
	replayBatches = 2
)

var errTruncated = errors.New("the append-only file is truncated")

// loadLog loads the append-only file at the start and opens it. It reports whether there was one.
func (s *Server) loadLog(ctx context.Context) (found bool, err error) {
	a := &s.appending
	s.locked(func() { a.on = true })
	if err := a.log.Open(); err != nil {
		s.tellManifestError(err)
		return false, errors.New("the append-only file cannot be read")
	}
	r := &replay{s: s, locked: s.holding, quit: ctx.Done()}
	if found, err = r.all(); err != nil || ctx.Err() != nil {
		return found, err
	}
	format := aof.FormatCommands
	if s.config.AofUseRdbPreamble {
		format = aof.FormatRDB
	}
	if err := a.log.Start(format, s.firstBase(format)); err != nil {
		s.log.Warn().Err(err).Msg("The append-only file cannot be opened")
		return found, err
	}
	s.locked(func() { s.engine.AOF = a.log })
	if !s.config.AofDisableAutoGc {
		if err := a.log.RemoveHistory(); err != nil {
			s.log.Warn().Err(err).Msg("Replaced parts of the AOF stay")
		}
	}
	return found, nil
}

// reloadLog replaces the data by what the log has. The engine lock is held.
func (s *Server) reloadLog() error {
	if err := s.appending.log.Reread(); err != nil {
		s.tellManifestError(err)
		return err
	}
	e := s.engine
	sink, replicas := e.AOF, e.Replicas
	e.AOF, e.Replicas = nil, nil
	defer func() { e.AOF, e.Replicas = sink, replicas }()
	for db := range s.store.Each {
		e.Flush(db.ID(), false)
	}
	_, err := (&replay{s: s, locked: func(f func()) { f() }}).all()
	e.Dirty = 0
	return err
}

func (s *Server) tellManifestError(err error) {
	bad, ok := errors.AsType[*aof.ManifestError](err)
	if !ok {
		s.log.Warn().Err(err).Msg("The append-only file cannot be read")
		return
	}
	text := "*** FATAL AOF MANIFEST FILE ERROR *** "
	if bad.Text != "" {
		text += fmt.Sprintf("At line %d, '%s': ", bad.Line, bad.Text)
	}
	s.log.Warn().Msg(text + bad.Reason)
}

// all loads all parts.
func (r *replay) all() (found bool, err error) {
	s := r.s
	parts, err := s.appending.log.Parts()
	if err != nil {
		name := ""
		if e, ok := errors.AsType[*fs.PathError](err); ok {
			name = filepath.Base(e.Path)
		}
		s.log.Warn().Msg(fmt.Sprintf("Unable to obtain the AOF file %s length: %s", name, configs.Strerror(err)))
		return true, err
	}
	total := int64(0)
	for _, p := range parts {
		total += p.Size
	}
	if total == 0 {
		return len(parts) > 0, nil
	}
	wasLoading := false
	r.locked(func() {
		wasLoading = s.engine.Gated(engine.GateLoading)
		s.beginLoading(total, false)
	})
	defer func() {
		if !wasLoading {
			r.locked(s.endLoading)
		}
	}()
	for i, p := range parts {
		start := time.Now()
		if err := r.part(p, i == len(parts)-1); err != nil {
			return true, err
		}
		kind := "incr"
		if p.Kind == aof.Base {
			kind = "base"
		}
		s.log.Info().Msg(fmt.Sprintf("DB loaded from %s file %s: %.3f seconds", kind, p.Name, time.Since(start).Seconds()))
		r.before += p.Size
	}
	return true, nil
}

// part loads one part. Only the last may be torn.
func (r *replay) part(p aof.Sized, last bool) error {
	s := r.s
	f, err := s.fs.Open(s.appending.log.Path(p.Part))
	if err != nil {
		s.log.Warn().Err(err).Msg("A part of the AOF cannot be opened")
		return err
	}
	defer func() { _ = f.Close() }() // nothing was written
	in, offset, err := r.preamble(f, p)
	if err != nil {
		return err
	}
	valid, err := r.commands(p, aof.NewReader(in, offset), offset)
	bad, isBad := errors.AsType[*aof.FormatError](err)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, aof.ErrTruncated):
		return r.truncated(p, valid, last)
	case isBad:
		s.log.Warn().Msg(fmt.Sprintf("Bad file format reading the append only file %s at offset %d (%s): make a backup of "+
			"your AOF file, then use ./valkey-check-aof --fix <filename.manifest>", p.Name, bad.Offset, bad.Reason))
	case errors.Is(err, context.Canceled):
	default:
		s.log.Warn().Msg(fmt.Sprintf("Error reading the append only file %s, error: %v", p.Name, err))
	}
	return err
}

// preamble loads the snapshot that a part may begin with, and gives what stands behind it.
func (r *replay) preamble(f vfs.File, p aof.Sized) (in io.Reader, offset int64, err error) {
	s := r.s
	head := make([]byte, len("VALKEY"))
	n, err := f.ReadAt(head, 0)
	if n < len(head) || !bytes.Equal(head, []byte("VALKEY")) && !bytes.HasPrefix(head, []byte("REDIS0")) {
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, 0, err
		}
		return f, 0, nil
	}
	old := p.Name == s.config.Appendfilename
	if old {
		s.log.Info().Msg("Reading RDB preamble from AOF file...")
	} else {
		s.log.Info().Msg("Reading RDB base file on AOF loading...")
	}
	o := s.loadOptions(f, p.Size)
	o.Locked, o.Quit, o.KeepExpired = r.locked, r.quit, true
	o.Progress = func(bytes, keys, expired int64) {
		s.loading.bytes, s.loading.keys, s.loading.expired = r.before+bytes, keys, expired
	}
	loaded, err := s.loadStream(o)
	if err != nil {
		s.log.Warn().Msg(fmt.Sprintf("Error reading the RDB base file %s, AOF loading aborted", p.Name))
		return nil, 0, err
	}
	r.locked(func() { s.saving.functions = loaded.Functions })
	if old {
		s.log.Info().Msg("Reading the remaining AOF tail...")
	}
	return io.MultiReader(bytes.NewReader(loaded.Rest), f), loaded.Bytes, nil
}

// decoded is a batch that was read, and how the part ended behind it.
type decoded struct {
	batch *aof.Batch
	err   error
}

// commands runs what a part holds from an offset on. valid is where it could be cut off if it is torn.
func (r *replay) commands(p aof.Sized, in *aof.Reader, offset int64) (valid int64, err error) {
	full, free := make(chan decoded, replayBatches), make(chan *aof.Batch, replayBatches+2)
	quit := make(chan struct{})
	go decode(in, full, free, quit) // commands' own, which waits for it; it ends with the part or with quit
	defer func() {
		close(quit)
		for range full { // until the goroutine has closed it
			continue
		}
	}()
	r.locked(func() { r.client = r.s.engine.NewReplayClient() }) // it reads the clock
	valid = offset
	beforeMulti := offset
	for {
		var d decoded
		select {
		case d = <-full:
		case <-r.quit:
			return valid, context.Canceled
		}
		for at := 0; at < len(d.batch.Commands); at += replayCommands {
			cmds := d.batch.Commands[at:min(at+replayCommands, len(d.batch.Commands))]
			var n int
			r.locked(func() {
				n, err = r.run(cmds, &valid, &beforeMulti)
				r.s.loading.bytes = r.before + valid
			})
			if err != nil {
				return valid, fmt.Errorf("command %q at offset %d: %w", cmds[n].Argv[0], cmds[n].Start, err)
			}
		}
		if d.err == nil {
			free <- d.batch
			continue
		}
		ended := errors.Is(d.err, io.EOF)
		if r.client.Multi != nil && (ended || errors.Is(d.err, aof.ErrTruncated)) {
			r.s.log.Warn().Msg(fmt.Sprintf("Revert incomplete MULTI/EXEC transaction in AOF file %s", p.Name))
			return beforeMulti, aof.ErrTruncated
		}
		if ended {
			return valid, nil
		}
		return valid, d.err
	}
}

// decode reads batches until the part ends.
func decode(in *aof.Reader, full chan<- decoded, free <-chan *aof.Batch, quit <-chan struct{}) {
	defer close(full)
	for {
		d := decoded{}
		select {
		case d.batch = <-free:
		default:
			d.batch = new(aof.Batch)
		}
		d.err = in.Next(d.batch)
		select {
		case full <- d:
		case <-quit:
			return
		}
		if d.err != nil {
			return
		}
	}
}

// run runs commands; the engine lock is held. n is the one that failed.
func (r *replay) run(cmds []aof.Command, valid, beforeMulti *int64) (n int, err error) {
	e := r.s.engine
	for at := 0; at < len(cmds); at += prepareWindow {
		some := cmds[at:min(at+prepareWindow, len(cmds))]
		r.window = r.window[:0]
		for _, c := range some {
			r.window = append(r.window, engine.Prepared{Client: r.client, Argv: c.Argv, Size: int(c.End - c.Start)})
		}
		e.Prepare(r.window)
		for i := range r.window {
			inMulti := r.client.Multi != nil
			if err := e.Replay(&r.window[i]); err != nil {
				return at + i, err
			}
			if !inMulti && r.client.Multi != nil {
				*beforeMulti = *valid
			}
			*valid = some[i].End
		}
	}
	return 0, nil
}

// truncated cuts a torn end off, if that is allowed and nothing follows.
func (r *replay) truncated(p aof.Sized, valid int64, last bool) error {
	s := r.s
	warn := func(format string, args ...any) { s.log.Warn().Msg(fmt.Sprintf(format, args...)) }
	if !s.config.AofLoadTruncated {
		warn("Unexpected end of file reading the append only file %s, whose last whole command ends at offset %d. You can: "+
			"1) Make a backup of your AOF file, then use ./valkey-check-aof --fix <filename.manifest>. 2) Alternatively you "+
			"can set the 'aof-load-truncated' configuration option to yes and restart the server.", p.Name, valid)
		return errTruncated
	}
	if !last {
		warn("Fatal error: the truncated file %s (at offset %d) is not the last file", p.Name, valid)
		return errTruncated
	}
	warn("!!! Warning: short read while loading the AOF file %s!!!", p.Name)
	warn("!!! Truncating the AOF %s at offset %d !!!", p.Name, valid)
	if err := s.appending.log.Truncate(p.Part, valid); err != nil {
		warn("Error truncating the AOF file %s: %v", p.Name, err)
		return err
	}
	warn("AOF %s loaded anyway because aof-load-truncated is enabled", p.Name)
	return nil
}
