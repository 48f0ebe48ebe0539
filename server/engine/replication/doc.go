// Package replication holds the commands by which servers copy one another, and by which clients wait for that: PSYNC
// and what goes before it, ROLE, WAIT, FAILOVER. What they start is done by the shell, behind engine.Host.
package replication
