package testenv_test

import (
	"bufio"
	"net"
	"reflect"
	"strings"
	"testing"

	"valkey/testenv"
)

// answer plays a server that sends fixed bytes, whatever it is asked.
func answer(t *testing.T, bytes string) *testenv.Client {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() { // ends when its one connection has been served
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		_, _ = bufio.NewReader(c).ReadString('\n')
		_, _ = c.Write([]byte(bytes))
	}()
	c, err := testenv.Dial(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func TestClientReadsEveryKind(t *testing.T) {
	tests := []struct {
		wire string
		want any
	}{
		{"+OK\r\n", testenv.Simple("OK")},
		{"-ERR no\r\n", testenv.Error("ERR no")},
		{":-7\r\n", int64(-7)},
		{"$3\r\na\r\n\n", nil},
		{"$0\r\n\r\n", ""},
		{"$-1\r\n", testenv.Null("$-1")},
		{"*-1\r\n", testenv.Null("*-1")},
		{"_\r\n", testenv.Null("_")},
		{"#t\r\n", true},
		{"#x\r\n", nil},
		{",1.5\r\n", testenv.Double("1.5")},
		{",inf\r\n", testenv.Double("inf")},
		{"(123\r\n", testenv.BigNumber("123")},
		{"=5\r\ntxt:a\r\n", testenv.Verbatim("txt:a")},
		{"*2\r\n:1\r\n*0\r\n", []any{int64(1), []any{}}},
		{"%1\r\n+a\r\n:1\r\n", testenv.Map{testenv.Simple("a"), int64(1)}},
		{"~1\r\n:1\r\n", testenv.Set{int64(1)}},
		{"%-1\r\n", nil},
		{"|1\r\n+a\r\n:1\r\n:2\r\n", testenv.Attributed{
			Attributes: testenv.Map{testenv.Simple("a"), int64(1)}, Reply: int64(2)}},
		{":1\n", nil},
		{"?\r\n", nil},
		{"\r\n", nil},
		{strings.Repeat("*1\r\n", 100) + ":1\r\n", nil},
	}
	for _, tt := range tests {
		got, err := answer(t, tt.wire).Call("X")
		if tt.want == nil {
			if err == nil {
				t.Errorf("%q: read as %v, should be refused", tt.wire, got)
			}
			continue
		}
		if err != nil || !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%q: got %#v, %v; want %#v", tt.wire, got, err, tt.want)
		}
	}
}

func TestClientKeepsPushesApart(t *testing.T) {
	c := answer(t, ">2\r\n+message\r\n+x\r\n+OK\r\n")
	got, err := c.Call("X")
	if err != nil || got != testenv.Simple("OK") || len(c.Pushes) != 1 {
		t.Fatal(got, err, c.Pushes)
	}
}
