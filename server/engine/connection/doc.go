// Package connection holds what a connection to the data has beside the commands about connections that every server
// has, which are in frontend/session/clients: the database that it uses, and its way back to the state of a new one.
//
// Start reading at Commands.
package connection
