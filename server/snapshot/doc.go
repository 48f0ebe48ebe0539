// Package snapshot makes and loads snapshots of a store while clients are served: for BGSAVE, for the base of the
// append-only file and for replicas alike.
//
// A [Job] has two stages. The first runs under the engine lock: [Job.Step] walks a slice of the cut (store.Cut) and
// appends what it meets to a draft; a write to a key that was not walked yet appends the old value first. The second
// is a goroutine of the job: it encodes filled drafts and writes them to [Options.Out], which may take its time. In
// between stands a queue with limits. The walk pauses when the queue is full. Old values cannot wait: beyond a limit
// they go to a temporary file, and beyond the next the job ends with an error. Nothing ever waits under the lock.
//
// [Load] is the way back: a goroutine decodes, and batches of keys are stored under the lock.
//
// [File] is the Out of a snapshot on disk: the old file or the new one, never a torn one. Start reading at [Start].
package snapshot
