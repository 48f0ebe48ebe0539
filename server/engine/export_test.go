package engine

// Deadlines is how many ends of waits are remembered.
func (e *Engine) Deadlines() int { return len(e.blocked.deadlines) }
