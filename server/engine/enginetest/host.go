package enginetest

import (
	"errors"
	"time"

	"valkey/frontend/session"
	"valkey/server/engine"
)

// host is a process that does nothing.
type host struct{}

func (host) Shutdown(engine.ShutdownOptions, string) (bool, error) {
	return false, engine.ErrShutdown
}
func (host) CancelShutdown() bool { return false }
func (host) Log(int, string)      {}
func (host) Facts() session.Facts {
	return session.Facts{Mode: "standalone", StartedMs: Start.UnixMilli()}
}
func (host) Usage() session.Usage              { return session.Usage{} }
func (host) Traffic() session.Traffic          { return session.Traffic{} }
func (host) Primary() string                   { return "" }
func (host) Migrate(m *engine.Migration)       { m.End(engine.Errorf("there is no network")) }
func (host) MigrationLinks() int               { return 0 }
func (host) LoadUsers() error                  { return nil }
func (host) SaveUsers() error                  { return nil }
func (host) PauseSweep(bool)                   {}
func (host) Certificates() engine.Certificates { return engine.Certificates{} }
func (host) Persistence() engine.Persistence {
	return engine.Persistence{LastSave: Start.Unix(), LastSaveOK: true, LastSaveTime: -1, SaveTime: -1}
}
func (host) Save() error                { return engine.ErrSaveFailed }
func (host) Reload(engine.Reload) error { return engine.ErrReloadFailed }
func (host) Flushed()                   {}
func (host) LoadLog() error             { return engine.ErrLoadLog }
func (host) SlowLog(time.Duration)      {}
func (host) RewriteLog(bool) (string, error) {
	return "Background append only file rewriting started", nil
}
func (host) BackgroundSave(engine.SaveRequest, bool) (string, error) {
	return "", engine.ErrSaveFailed
}

func (host) Replication() engine.Replication { return engine.Replication{Failover: "no-failover"} }

func (host) Synchronize(*session.Client, engine.Sync) error {
	return engine.Errorf("there is nobody who could copy a server without connections")
}
func (host) Replicate(string, int64)      {}
func (host) Promote()                     {}
func (host) SendAck()                     {}
func (host) Acknowledged(*session.Client) {}
func (host) Dropped(*session.Client)      {}
func (host) Failover(engine.FailoverOptions) error {
	return engine.Errorf("FAILOVER requires connected replicas.")
}
func (host) StopAtCopies(bool)         {}
func (host) KeepStreams(time.Duration) {}
func (host) AwaitsStream(uint64) bool  { return false }
func (host) AbortFailover() error      { return engine.Errorf("No failover in progress.") }

func (host) RewriteConfig(bool) error {
	return errors.New("The server is running without a config file") //nolint:staticcheck // wire text
}
