package rdb

import (
	"fmt"
	"strconv"

	"valkey/store"
)

// A type of value adds itself here: typeOf and Draft.value say how it is written, input.value how it is read, and
// Value.Put how what was read enters a database.

// typeOf returns the form that an entry's value is written in.
func typeOf(e store.Entry) Type {
	switch e.Type() {
	case store.String:
		return TypeString
	default:
		panic("BUG: rdb: no form for a value of type " + e.Type().String())
	}
}

// value notes the value of an entry.
func (d *Draft) value(e store.Entry) {
	switch e.Type() {
	case store.String:
		d.stringValue(e)
	default:
		panic("BUG: rdb: no form for a value of type " + e.Type().String())
	}
}

func (d *Draft) stringValue(e store.Entry) {
	if e.Encoding() == store.Int {
		n, _ := e.Int()
		d.int(n)
		return
	}
	if d.pin(e) {
		return
	}
	var scratch [20]byte
	d.text(e.Bytes(&scratch))
}

// Value is a value that was read, on its way into a database.
type Value struct {
	typ  store.Type
	text []byte // of a string, unless it is a number
	num  int64
	int  bool
}

// Type returns the type of the value.
func (v *Value) Type() store.Type { return v.typ }

// AppendText appends a string's bytes.
func (v *Value) AppendText(b []byte) []byte {
	if v.int {
		return strconv.AppendInt(b, v.num, 10)
	}
	return append(b, v.text...)
}

// Put stores the value under a key that does not exist yet, with a deadline in milliseconds or store.NoExpire.
func (v *Value) Put(db *store.DB, key []byte, hash uint64, at int64) store.Entry {
	if v.int {
		return db.SetInt(key, hash, v.num, at)
	}
	return db.Insert(key, hash, v.text, at)
}

// value reads a value of a form, or says why not.
func (in *input) value(t Type) (Value, error) {
	switch {
	case t == TypeString:
		return in.stringValue()
	case t.known():
		if _, err := in.walk(t, nil); err != nil {
			return Value{}, err
		}
		return Value{}, &ForeignError{Offset: in.offset(), Reason: fmt.Sprintf("values of type %s are not built yet", t)}
	default:
		return Value{}, in.corruptBy(CorruptType, "no value and no opcode begins with %d", int(t))
	}
}

func (in *input) stringValue() (Value, error) {
	v := Value{typ: store.String}
	n, coded, err := in.length()
	switch {
	case err != nil:
		return v, err
	case !coded:
		v.text, err = in.take(n)
	case n == codeLZF:
		v.text, err = in.lzf()
	default:
		v.int = true
		v.num, err = in.number(n)
	}
	return v, err
}
