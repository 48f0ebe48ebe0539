// Package server is the data server's shell: it joins event loops, engine, store and configuration, and owns what
// they must not know: the process, its log, its signals, its files.
//
// One lock joins the loops and the engine: a loop reads and parses without it, takes it once for everything that it
// has read, executes, releases it, and writes. The first loop also ticks (engine.Cron). Start reading at
// Server.Serve, then handler.Run.
package server
