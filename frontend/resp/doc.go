// Package resp speaks RESP2 and RESP3, the protocol between clients and the server, on plain byte slices.
//
// It knows no sockets and no goroutines. Three things stand here:
//
//   - Parser takes requests out of a query buffer, arrays of bulk strings and inline lines alike. Arguments are slices
//     of that buffer, no byte of a half-received request is looked at again, and every limit is the caller's (Limits).
//   - Writer appends replies to a byte slice. The same calls serve both protocol versions: what RESP2 cannot say is
//     written in the form that Valkey falls back to.
//   - Reader takes replies from a stream, for links to other servers and for tests.
//
// Nothing a peer sends makes any of them panic or grow without bound. Start reading at Parser.Next and Writer.
package resp
