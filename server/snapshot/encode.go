package snapshot

import (
	"math/rand/v2"
	"time"
)

// encode is the job's goroutine.
func (j *Job) encode() {
	err := j.write()
	if err != nil {
		j.fail(err) // the spiller ends
		err = *j.failed.Load()
	}
	j.spiller.end()
	j.spiller.close()
	if j.o.Finish != nil {
		err = j.o.Finish(err)
	}
	if err != nil {
		j.fail(err)
	}
	j.result.Err = err
	j.result.Bytes = j.enc.Written()
	j.result.Spilled = j.spiller.bytes
	close(j.ended)
	j.notify()
}

// notify has the engine lock's side look at the job.
func (j *Job) notify() {
	poke(j.progress)
	if j.o.Wake != nil {
		j.o.Wake()
	}
}

func (j *Job) write() error {
	if j.o.Open != nil {
		if err := j.o.Open(); err != nil {
			return err
		}
	}
	if err := j.enc.Begin(); err != nil {
		return err
	}
	for {
		c, over := j.queue.oldest()
		switch {
		case j.failed.Load() != nil:
			if c != nil {
				j.queue.done(c)
			}
			return *j.failed.Load()
		case over:
			return j.writeEnd()
		case c == nil:
			select {
			case <-j.wake:
			case <-j.quit:
			}
			continue
		}
		err := j.enc.Seal(c.draft)
		if err == nil {
			j.encoded.Add(int64(c.keys))
			if j.o.KeyDelay != 0 { // a reader must not wait for a buffer that fills that slowly
				err = j.enc.Flush()
			}
			pause(j.o.KeyDelay, c.keys, j.quit)
		}
		j.done(c)
		if err != nil {
			return err
		}
	}
}

// done takes back a draft and wakes the walk if it waits for room. Either goroutine may have made the last of it.
func (j *Job) done(c *chunk) {
	j.queue.done(c)
	if j.waiting.Load() && j.roomy() && j.waiting.CompareAndSwap(true, false) {
		j.notify()
	}
}

// writeEnd writes what was spilled, and the end.
func (j *Job) writeEnd() error {
	j.spiller.end()
	if err := j.spiller.copyTo(j.enc); err != nil {
		return err
	}
	if j.failed.Load() != nil {
		return *j.failed.Load()
	}
	return j.enc.End()
}

// rareMicroseconds draws how many of some keys cost a microsecond, one in so many.
func rareMicroseconds(oneIn int64, keys int) (d time.Duration) {
	for range keys {
		if rand.Int64N(oneIn) == 0 {
			d += time.Microsecond
		}
	}
	return d
}
