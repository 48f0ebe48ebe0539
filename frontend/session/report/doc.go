// Package report makes the text of INFO: fields in rows, rows in sections. It has the sections that every server shows
// (Server, Clients, Statistics, CPU), made from a Reading; a server adds its own over a reading of its own.
//
// Start reading at Write.
package report
