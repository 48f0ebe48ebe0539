package resp

// Error is an error reply: its text as it follows the dash on the wire, the first word being the code.
type Error string

// Error returns the text.
func (e Error) Error() string { return string(e) }
