package resp

// ProtocolError says why a request cannot be parsed. The stream cannot be trusted any more after it: the peer gets the
// text as an error reply and is cut off.
type ProtocolError struct{ Reason string }

// Error returns the text as it goes over the wire behind the code ERR.
func (e *ProtocolError) Error() string { return "Protocol error: " + e.Reason }

var (
	errBigInline    = &ProtocolError{"too big inline request"}
	errQuotes       = &ProtocolError{"unbalanced quotes in request"}
	errBigCount     = &ProtocolError{"too big mbulk count string"}
	errCount        = &ProtocolError{"invalid multibulk length"}
	errUnauthCount  = &ProtocolError{"unauthenticated multibulk length"}
	errBigLength    = &ProtocolError{"too big bulk count string"}
	errLength       = &ProtocolError{"invalid bulk length"}
	errUnauthLength = &ProtocolError{"unauthenticated bulk length"}
	errCRLF         = &ProtocolError{"invalid CRLF in request"}
)

// errNotBulk quotes the byte that stands where a string header should.
func errNotBulk(got byte) error {
	return &ProtocolError{"expected '$', got '" + string([]byte{got}) + "'"}
}
