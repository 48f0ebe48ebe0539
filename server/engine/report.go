package engine

// MemoryReport says where memory goes, in bytes: the figures behind INFO memory, MEMORY STATS and MEMORY DOCTOR.
//
// Used = Startup + Clients + Backlog + Replicas + Reserve + Index + Dataset.
// Resident is what the system counts for the whole process; it includes the
// Go runtime, whose garbage is no part of Used.
type MemoryReport struct {
	Used, Peak uint64
	Startup    uint64 // an empty server
	Clients    uint64 // buffers and bookkeeping of connections
	Backlog    uint64 // of replication, as far as its size goes
	Replicas   uint64 // what slow ones keep beyond that
	Reserve    uint64 // of the primary's stream, until the copy that it continues is loaded
	Index      uint64 // hash tables
	Dataset    uint64 // keys and values
	Allocated  uint64 // handed out by the data's allocator: Index + Dataset
	Held       uint64 // what it holds from the system for that
	Resident   uint64
	Keys       int
	Databases  []DatabaseReport // those in use
}

// DatabaseReport is the overhead of one database in bytes.
type DatabaseReport struct {
	Database       int
	Keys, Volatile int // of the index of all keys, and of those with a deadline
}

// MemoryReport takes stock. It also brings the peak up to date, which otherwise lags a tick behind.
func (e *Engine) MemoryReport() MemoryReport {
	m := e.Store.Memory()
	r := MemoryReport{
		Used: e.UsedMemory(), Startup: baseMemory, Clients: uint64(e.ClientMemory()), Index: uint64(m.Index),
		Dataset: uint64(m.Dataset), Allocated: uint64(m.Used), Held: uint64(m.Resident),
		Resident: e.Host.Usage().ResidentBytes,
	}
	r.Backlog = uint64(e.History.Memory())
	if limit := uint64(e.Config.ReplBacklogSize); len(e.Followers) > 0 && r.Backlog > limit {
		r.Backlog, r.Replicas = limit, r.Backlog-limit
	}
	if p := e.Host.Replication().Primary; p != nil {
		r.Reserve = uint64(p.BufferBytes)
		r.Used += r.Reserve
	}
	e.Stats.PeakMemory = max(e.Stats.PeakMemory, r.Used)
	r.Peak = e.Stats.PeakMemory
	for db := range e.Store.Each {
		keys, volatile := db.Overhead()
		r.Keys += db.Len()
		r.Databases = append(r.Databases, DatabaseReport{db.ID(), keys, volatile})
	}
	return r
}

// Overhead is everything but the data itself.
func (r *MemoryReport) Overhead() uint64 {
	return r.Startup + r.Clients + r.Backlog + r.Replicas + r.Reserve + r.Index
}

// DatasetPercent is the data's share of what was taken since the start.
func (r *MemoryReport) DatasetPercent() float64 {
	return percentOf(r.Dataset, max(r.Used-min(r.Used, r.Startup), 1))
}

// PeakPercent is the present use in relation to the peak.
func (r *MemoryReport) PeakPercent() float64 { return percentOf(r.Used, r.Peak) }

// Fragmentation is resident memory in relation to used memory.
func (r *MemoryReport) Fragmentation() float64 { return Ratio(r.Resident, r.Used) }

func percentOf(part, whole uint64) float64 { return 100 * Ratio(part, whole) }

// Ratio divides two amounts; by nothing, it is 0.
func Ratio(part, whole uint64) float64 {
	if whole == 0 {
		return 0
	}
	return float64(part) / float64(whole)
}

// AllocatorFragmentation is what the data's allocator holds in relation to what it has handed out.
func (r *MemoryReport) AllocatorFragmentation() float64 {
	if r.Allocated == 0 {
		return 1
	}
	return Ratio(r.Held, r.Allocated)
}
