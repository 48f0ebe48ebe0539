// Package certs makes configurations for TLS out of the files and words that the directives name, for the listeners of
// both servers and for the connections that they open.
//
// [Load] reads everything anew: the caller keeps the old configuration when it fails, so that a certificate that was
// renewed halfway changes nothing. Start reading there.
package certs
