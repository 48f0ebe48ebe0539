// Package shell is what the processes of both servers have around their session.Front: the log, the title in the
// process list, the users' file, what the process takes of the machine, certificates, and the way between event loops
// and clients. Each is a type or function of its own, which a server's shell puts together.
//
// Everything runs under the Front's lock but Log, which any goroutine may use, and what says otherwise.
package shell
