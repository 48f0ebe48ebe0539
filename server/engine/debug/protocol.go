package debug

import (
	"bytes"

	"valkey/frontend/resp"
	"valkey/server/engine"
)

const protocolTypes = "string|integer|double|bignum|null|array|set|map|attrib|push|verbatim|true|false"

// protocol replies with a sample of a RESP type; the values are those that client libraries test against.
func protocol(c *engine.Call) error {
	w := c.Reply
	switch string(bytes.ToLower(c.Argv[2])) {
	case "string":
		w.BulkString("Hello World")
	case "integer":
		w.Int(12345)
	case "double":
		w.Double(3.141)
	case "bignum":
		w.BigNumber("1234567999999999999999999999999999999")
	case "null":
		w.Null()
	case "array":
		w.Array(3)
		countTo3(w)
	case "set":
		w.Set(3)
		countTo3(w)
	case "map":
		w.Map(3)
		for i := range 3 {
			w.Int(int64(i))
			w.Bool(i == 1)
		}
	case "attrib":
		if w.Proto == 3 {
			w.Attribute(1)
			w.BulkString("key-popularity")
			w.Array(2)
			w.BulkString("key:123")
			w.Int(90)
		}
		w.BulkString("Some real reply following the attribute") // an attribute is none by itself
	case "push":
		if w.Proto != 3 {
			return engine.Errorf("RESP2 is not supported by this command")
		}
		push := resp.Writer{Proto: w.Proto}
		push.Push(2)
		push.BulkString("server-cpu-usage")
		push.Int(42)
		c.Client.Push(push.Buf)                                  // it is sent behind the reply
		w.BulkString("Some real reply following the push reply") // a push is none by itself
	case "true":
		w.Bool(true)
	case "false":
		w.Bool(false)
	case "verbatim":
		w.Verbatim("txt", "This is a verbatim\nstring")
	default:
		return engine.Errorf("Wrong protocol type name. Please use one of the following: %s", protocolTypes)
	}
	return nil
}

func countTo3(w *resp.Writer) {
	for i := range 3 {
		w.Int(int64(i))
	}
}
