package rdb_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"valkey/store/rdb"
)

// builder writes what a Sealer has no reason to write yet: values of the types to come, in every form they ever had.
type builder struct{ bytes.Buffer }

func (b *builder) len(n int) *builder {
	switch {
	case n < 64:
		b.WriteByte(byte(n))
	case n < 1<<14:
		b.Write([]byte{0x40 | byte(n>>8), byte(n)})
	default:
		b.WriteByte(0x80)
		b.Write(binary.BigEndian.AppendUint32(nil, uint32(n)))
	}
	return b
}

func (b *builder) text(s string) *builder {
	b.len(len(s)).WriteString(s)
	return b
}

func (b *builder) raw(p ...byte) *builder {
	b.Write(p)
	return b
}

func (b *builder) zeros(n int) *builder { return b.raw(make([]byte, n)...) }

// value returns a value's bytes.
func value(build func(b *builder)) string {
	var b builder
	build(&b)
	return b.String()
}

// listpack returns a listpack of small numbers and strings.
func listpack(elements ...string) string {
	body := ""
	for _, e := range elements {
		var head string
		switch {
		case len(e) == 1 && e[0] < 128:
			head, e = e, ""
		case len(e) < 64:
			head = string([]byte{0x80 | byte(len(e))})
		case len(e) < 1<<12:
			head = string([]byte{0xe0 | byte(len(e)>>8), byte(len(e))})
		default:
			head = "\xf0" + string(binary.LittleEndian.AppendUint32(nil, uint32(len(e))))
		}
		n := len(head) + len(e)
		back := string([]byte{byte(n)})
		if n > 127 {
			back = string([]byte{byte(n >> 7), byte(n&127) | 128})
		}
		if n > 1<<14 {
			back = string([]byte{byte(n >> 14), byte(n>>7&127) | 128, byte(n&127) | 128})
		}
		body += head + e + back
	}
	out := binary.LittleEndian.AppendUint32(nil, uint32(len(body)+7))
	out = binary.LittleEndian.AppendUint16(out, uint16(len(elements)))
	return string(out) + body + "\xff"
}

// ziplist returns a ziplist of elements that are given with their heads.
func ziplist(elements ...string) string {
	body, last, before := "", 10, 0
	for _, e := range elements {
		last = 10 + len(body)
		one := string([]byte{byte(before)}) + e
		if before > 253 {
			one = "\xfe" + string(binary.LittleEndian.AppendUint32(nil, uint32(before))) + e
		}
		body += one
		before = len(one)
	}
	out := binary.LittleEndian.AppendUint32(nil, uint32(len(body)+11))
	out = binary.LittleEndian.AppendUint32(out, uint32(last))
	out = binary.LittleEndian.AppendUint16(out, uint16(len(elements)))
	return string(out) + body + "\xff"
}

func intset(width int, numbers ...int64) string {
	out := binary.LittleEndian.AppendUint32(nil, uint32(width))
	out = binary.LittleEndian.AppendUint32(out, uint32(len(numbers)))
	for _, n := range numbers {
		out = append(out, binary.LittleEndian.AppendUint64(nil, uint64(n))[:width]...)
	}
	return string(out)
}

var longText = strings.Repeat("long", 100)

// forms has a value of every type, with its number of elements.
var forms = []struct {
	t        rdb.Type
	value    string
	elements uint64
}{
	{rdb.TypeList, value(func(b *builder) { b.len(2).text("a").raw(0xc0, 5) }), 2},
	{rdb.TypeSet, value(func(b *builder) { b.len(1).text("a") }), 1},
	{rdb.TypeZSet, value(func(b *builder) {
		b.len(3).text("a").raw(3).raw([]byte("1.5")...).text("b").raw(254).text("c").raw(253)
	}), 3},
	{rdb.TypeZSet2, value(func(b *builder) { b.len(1).text("a").zeros(8) }), 1},
	{rdb.TypeHash, value(func(b *builder) { b.len(1).text("f").text(longText) }), 1},
	{rdb.TypeHash2, value(func(b *builder) { b.len(1).text("f").text("v").zeros(8) }), 1},
	{rdb.TypeModule2, value(func(b *builder) {
		b.raw(0x81).zeros(8).len(1).len(5).len(2).len(5).len(3).zeros(4).len(4).zeros(8).len(5).text("data").len(0)
	}), 1},
	{rdb.TypeHashZipmap, value(func(b *builder) {
		b.text("\x02\x01f\x01\x00v\x02f2\xfe" + "\x90\x01\x00\x00\x02" + longText + "xx\xff")
	}), 2},
	{rdb.TypeListZiplist, value(func(b *builder) {
		b.text(ziplist("\x05hello", "\x41\x90"+longText, "\x80\x00\x00\x01\x90"+longText, "\xc0\x00\x01", "\xd0abcd",
			"\xe0abcdefgh", "\xf0abc", "\xfe\x05", "\xf3"))
	}), 9},
	{rdb.TypeListZiplist, value(func(b *builder) { b.text(ziplist()) }), 0},
	{rdb.TypeSetIntset, value(func(b *builder) { b.text(intset(2, -5, 0, 7)) }), 3},
	{rdb.TypeSetIntset, value(func(b *builder) { b.text(intset(4, -5, 1<<20)) }), 2},
	{rdb.TypeSetIntset, value(func(b *builder) { b.text(intset(8, -1<<60, 1<<60)) }), 2},
	{rdb.TypeZSetZiplist, value(func(b *builder) { b.text(ziplist("\x01a", "\xf2")) }), 1},
	{rdb.TypeHashZiplist, value(func(b *builder) { b.text(ziplist("\x01a", "\xf2", "\x01b", "\xf3")) }), 2},
	{rdb.TypeListQuicklist, value(func(b *builder) { b.len(2).text(ziplist("\x01a")).text(ziplist("\xf2", "\xf3")) }), 3},
	{rdb.TypeListQuicklist2, value(func(b *builder) {
		b.len(2).len(1).text("plain").len(2).text(listpack("a", longText))
	}), 3},
	{rdb.TypeHashListpack, value(func(b *builder) {
		b.text(listpack("f", "v", longText, strings.Repeat(longText, 50)))
	}), 2},
	{rdb.TypeZSetListpack, value(func(b *builder) { b.text(listpack("f", "1")) }), 1},
	{rdb.TypeSetListpack, value(func(b *builder) { b.text(listpack("text", "more")) }), 2},
	{rdb.TypeStreamListpacks, stream(2, 3, 1), 1},
	{rdb.TypeStreamListpacks2, stream(7, 4, 1), 1},
	{rdb.TypeStreamListpacks3, stream(7, 4, 2), 1},
}

// stream returns a stream of one entry, with numbers behind its length, behind a group's name, and times of a consumer.
func stream(numbers, group, times int) string {
	return value(func(b *builder) {
		b.len(1).text(strings.Repeat("i", 16)).text(listpack("1", "a", "b"))
		b.len(1)
		for range numbers {
			b.len(1)
		}
		b.len(1).text("group")
		for range group - 1 {
			b.len(1)
		}
		b.len(1).zeros(16).zeros(8).len(1)
		b.len(1).text("consumer").zeros(8 * times).len(1).zeros(16)
	})
}

// fileOf returns a file, without a checksum, of keys with values of forms.
func fileOf(header string, parts ...string) []byte {
	return []byte(header + strings.Join(parts, "") + "\xff" + strings.Repeat("\x00", 8))
}

func keyOf(t rdb.Type, value string) string { return string([]byte{byte(t)}) + "\x03key" + value }

// walk takes a file apart and returns the shapes of its values.
func walk(file []byte) (shapes []rdb.Shape, err error) {
	rd := rdb.NewReader(bytes.NewReader(file), rdb.ReadOptions{WalkOnly: true})
	for {
		it, err := rd.Next()
		if errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			return shapes, nil
		}
		if err != nil {
			return shapes, err
		}
		if it.Kind == rdb.ItemKey {
			shapes = append(shapes, it.Shape)
		}
	}
}

func TestEveryFormIsWalked(t *testing.T) {
	for _, f := range forms {
		file := fileOf("VALKEY080", keyOf(f.t, f.value), keyOf(rdb.TypeString, "\x01x"))
		shapes, err := walk(file)
		if err != nil || len(shapes) != 2 || shapes[0].Elements != f.elements || shapes[1].Bytes != 1 {
			t.Errorf("%s: %+v, %v", f.t, shapes, err)
			continue
		}
		for n := 9; n < len(file)-8; n += 1 + n/500 {
			if _, err := walk(file[:n]); !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Fatalf("%s, %d of %d bytes: %v", f.t, n, len(file), err)
			}
		}
		// Whatever is changed, it is an error of a known kind or another value.
		for i := 9; i < len(file); i += 1 + i/500 {
			for bit := range 8 {
				bad := bytes.Clone(file)
				bad[i] ^= 1 << bit
				checkError(t, bad)
			}
		}
	}
}

// checkError holds that a file is sound, or refused with one of the errors that there are.
func checkError(t *testing.T, file []byte) {
	t.Helper()
	_, err := walk(file)
	var corrupt *rdb.CorruptError
	var foreign *rdb.ForeignError
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.As(err, &corrupt) && !errors.As(err, &foreign) {
		t.Fatalf("%q: %v", file, err)
	}
	if corrupt != nil && (corrupt.Offset < 0 || corrupt.Offset > int64(len(file)) || corrupt.Reason == "") {
		t.Fatalf("%q: offset %d, %q", file, corrupt.Offset, corrupt.Reason)
	}
}

func TestTypesToComeAreNotLoaded(t *testing.T) {
	for _, f := range forms {
		_, _, err := load(bytes.NewReader(fileOf("VALKEY080", keyOf(f.t, f.value))), newStore(t), rdb.ReadOptions{})
		var foreign *rdb.ForeignError
		if !errors.As(err, &foreign) || foreign.Header || !strings.Contains(foreign.Reason, f.t.String()) {
			t.Errorf("%s: %v", f.t, err)
		}
	}
}

func TestDamagedValuesAreCorrupt(t *testing.T) {
	pack := func(t rdb.Type, blob string) string {
		return keyOf(t, value(func(b *builder) { b.text(blob) }))
	}
	for name, part := range map[string]string{
		"a length that is none":       "\x00\x82",
		"a code in place of a length": "\xfe\xc3",
		"an unknown code":             "\x00\x03key\xc7",
		"a type that there is not":    "\x08\x03key\x00",
		"an opcode that there is not": "\xf0\x03key\x00",
		"more than there can be":      "\x00\x03key\xc3\x02\x80\xff\xff\xff\xff\x00a",
		"does not decompress":         "\x00\x03key\xc3\x02\x05\x1fa",
		"a module's part of kind 9":   keyOf(rdb.TypeModule2, "\x01\x09"),
		"a node of kind 3":            keyOf(rdb.TypeListQuicklist2, "\x01\x03\x01a"),
		"an odd hash":                 pack(rdb.TypeHashListpack, listpack("a")),
		"an odd sorted set":           pack(rdb.TypeZSetZiplist, ziplist("\xf1")),
		"a listpack's count":          pack(rdb.TypeSetListpack, listpack("a")[:4]+"\x05\x00"+listpack("a")[6:]),
		"a listpack's length":         pack(rdb.TypeSetListpack, listpack("a")+"\xff"),
		"a listpack's element":        pack(rdb.TypeSetListpack, "\x09\x00\x00\x00\x01\x00\x85\x01\xff"),
		"a listpack's way back":       pack(rdb.TypeSetListpack, "\x09\x00\x00\x00\x01\x00\x05\x02\xff"),
		"a listpack within":           pack(rdb.TypeSetListpack, "\x0a\x00\x00\x00\x01\x00\x05\x01\xff\xff"),
		"a ziplist's tail":            pack(rdb.TypeListZiplist, ziplist("\xf1")[:4]+"\x09"+ziplist("\xf1")[5:]),
		"a ziplist's way back": pack(rdb.TypeListZiplist,
			strings.Replace(ziplist("\xf1", "\xf2"), "\x02\xf2", "\x03\xf2", 1)),
		"a ziplist's head":      pack(rdb.TypeListZiplist, ziplist("\x90")),
		"an intset's order":     pack(rdb.TypeSetIntset, intset(2, 5, 5)),
		"an intset's width":     pack(rdb.TypeSetIntset, intset(3, 5)),
		"an intset's count":     pack(rdb.TypeSetIntset, intset(2, 5)+"\x00\x00"),
		"a zipmap's count":      pack(rdb.TypeHashZipmap, "\x02\x01f\x01\x00v\xff"),
		"a zipmap's end":        pack(rdb.TypeHashZipmap, "\x01\x01f\x01\x00v"),
		"a zipmap's length":     pack(rdb.TypeHashZipmap, "\x01\xfe\x01\x00\x00\x00f\x01\x00v\xff"),
		"a stream's ID":         keyOf(rdb.TypeStreamListpacks, "\x01\x01a"),
		"a stream's empty node": keyOf(rdb.TypeStreamListpacks, "\x01\x10"+strings.Repeat("i", 16)+"\x07"+listpack()),
		"a slot import's name":  "\xf3\x01a",
	} {
		_, err := walk(fileOf("VALKEY080", part))
		if _, corrupt := errors.AsType[*rdb.CorruptError](err); !corrupt {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestOpcodesBesideKeys(t *testing.T) {
	job := strings.Repeat("j", 40)
	parts := []string{
		"\xf4\x01\x02\x03",                // slot info
		"\xf3\x28" + job + "\x01\x05\x09", // slot import
		"\xf5\x04code", "\xfa\x01n\x01v",  // function, field
		"\xfe\x02\xfb\x05\x01",                                                   // database, sizes
		"\xfd\x10\x00\x00\x00\xf9\x07\x00\x01a\x01b",                             // seconds, uses
		"\xfc\x10\x00\x00\x00\x00\x00\x00\x00\xf8\x09" + "\x00\x01c\xc1\x00\x01", // milliseconds, idle
	}
	rd := rdb.NewReader(bytes.NewReader(fileOf("VALKEY080", parts...)), rdb.ReadOptions{})
	var got []string
	for {
		it, err := rd.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprintf("%d db%d %s=%s %d/%d %s@%d idle%d freq%d",
			it.Kind, it.DB, it.Name, it.Text, it.Keys, it.Volatile, it.Key, it.ExpireAt, it.Idle, it.Freq))
	}
	want := []string{
		"3 db0 =code 0/0 @-1 idle-1 freq-1",
		"0 db0 n=v 0/0 @-1 idle-1 freq-1",
		"1 db2 = 0/0 @-1 idle-1 freq-1",
		"2 db2 = 5/1 @-1 idle-1 freq-1",
		"4 db2 = 0/0 a@16000 idle-1 freq7",
		"4 db2 = 0/0 c@16 idle9 freq-1",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Fatalf("got:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestWhatIsForeignIsRefused(t *testing.T) {
	for name, file := range map[string][]byte{
		"a hash of Redis 7.4":      fileOf("REDIS0011", "\x16\x03key\x01"),
		"an opcode of Redis":       fileOf("REDIS0011", "\xf3\x28"+strings.Repeat("j", 40)+"\x00"),
		"functions of a candidate": fileOf("REDIS0010", "\xf6\x01"),
		"a module's data":          fileOf("REDIS0010", "\xf7\x81"+strings.Repeat("\x41", 8)+"\x02\x01\x00"),
	} {
		_, _, err := load(bytes.NewReader(file), newStore(t), rdb.ReadOptions{})
		var foreign *rdb.ForeignError
		if !errors.As(err, &foreign) || rdb.Refused(err) || foreign.Offset < 10 {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := walk(fileOf("REDIS0010", "\xf7\x81"+strings.Repeat("\x41", 8)+"\x02\x01\x00")); err != nil {
		t.Errorf("a module's data in passing: %v", err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(small(f))
	for _, form := range forms {
		f.Add(fileOf("VALKEY080", keyOf(form.t, form.value)))
	}
	f.Add(fileOf("REDIS0003", "\xf4\x01\x02\x03\xfe\x01\xfb\x05\x01\xf5\x04code\xf7\x01\x02\x01\x00"))
	f.Fuzz(func(t *testing.T, file []byte) {
		checkError(t, file)
		rd := rdb.NewReader(bytes.NewReader(file), rdb.ReadOptions{Relaxed: true, IgnoreChecksum: true})
		for {
			it, err := rd.Next()
			if err != nil {
				return
			}
			if len(it.Key) > len(file)*rdb.RatioMax {
				t.Fatalf("a key of %d bytes in a file of %d", len(it.Key), len(file))
			}
		}
	})
}

func TestElementsAreMeasuredAsText(t *testing.T) {
	for _, c := range []struct {
		t     rdb.Type
		blob  string
		sizes string
	}{
		{rdb.TypeSetListpack, listpackOf("\x7f", "\xc0\x05", "\xdf\xff", "\xf1\xff\xff", "\xf2\x00\x00\x80",
			"\xf3\x00\x00\x00\x80",
			"\xf4\x00\x00\x00\x00\x00\x00\x00\x80"), "3 1 2 2 8 11 20"},
		{rdb.TypeListZiplist, ziplist("\x02ab", "\xc0\x00\x80", "\xf0\xff\xff\xff", "\xfe\x80", "\xf1", "\xfd"),
			"2 6 2 4 1 2"},
		{rdb.TypeHashZipmap, "\x01\x01f\x03\x01valx\xff", "4"},
		{rdb.TypeSetIntset, intset(2, -100, 7), "4 1"},
		{rdb.TypeZSetListpack, listpackOf("\x82ab", "\x0a"), "4"},
	} {
		file := fileOf("VALKEY080", keyOf(c.t, value(func(b *builder) { b.text(c.blob) })))
		var sizes []int
		rd := rdb.NewReader(bytes.NewReader(file), rdb.ReadOptions{
			WalkOnly: true, Element: func(n int) { sizes = append(sizes, n) },
		})
		if _, err := rd.Next(); err != nil || strings.Trim(fmt.Sprint(sizes), "[]") != c.sizes {
			t.Errorf("%s: %v, want %s; %v", c.t, sizes, c.sizes, err)
		}
	}
}

// listpackOf is listpack for short elements that are given with their heads.
func listpackOf(elements ...string) string {
	body := ""
	for _, e := range elements {
		body += e + string([]byte{byte(len(e))})
	}
	out := binary.LittleEndian.AppendUint32(nil, uint32(len(body)+7))
	out = binary.LittleEndian.AppendUint16(out, uint16(len(elements)))
	return string(out) + body + "\xff"
}
