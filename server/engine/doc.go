// Package engine executes one command at a time against the data, in order.
//
// Everything in it runs under one lock, the engine lock (Engine.Lock), taken once for a batch of commands by the
// event loop that has read them. Inside it there is no other lock, no goroutine, no socket and no clock: the time
// comes in with Begin and through Options.Monotonic, replies go out into session.Client.W.
//
// A command is a declaration with a handler (Command); the families below this folder hold them, one file a command
// or tight group. A handler gets a *Call and reaches values only through its doors: Read, Find, SetString, Delete,
// Modified… The doors do what must never be forgotten: expiry, hit and miss counts, WATCH, blocked clients, the
// dirty counter.
//
// Start reading at Engine.Execute (what is checked before a command runs), then call (what surrounds it), then Call.
package engine
