package rdb

import "fmt"

// Version is a version of the format.
type Version int

// The versions written. Everything from 1 to 11 is read as well.
const (
	V11 Version = 11 // Redis 7.2, Valkey 7.2 and 8: magic REDIS
	V80 Version = 80 // Valkey 9: magic VALKEY
)

// What lies between is used by Redis since it left the common format, with other meanings.
const (
	foreignMin Version = 12
	foreignMax Version = 79
)

const (
	magicRedis  = "REDIS0"
	magicValkey = "VALKEY"
	headerBytes = 9 // magic and three digits
	tailBytes   = 8 // the checksum, behind opEOF

	checksumSince Version = 5
)

// Foreign reports whether a version is one of those that Redis alone uses.
func (v Version) Foreign() bool { return v >= foreignMin && v <= foreignMax }

// header returns what a file of the version begins with.
func (v Version) header() string {
	magic := magicRedis
	if v > foreignMax {
		magic = magicValkey
	}
	return fmt.Sprintf("%s%03d", magic, int(v))
}

// Accepted reports whether a version without a magic, as in a DUMP payload, is to be tried. relaxed also tries what is
// foreign or of the future, as rdb-version-check says.
func (v Version) Accepted(relaxed bool) bool {
	return v >= 1 && (relaxed || v <= V80 && !v.Foreign())
}

// Summed reports whether files of the version end with a checksum.
func (v Version) Summed() bool { return v >= checksumSince }

// Opcodes: what stands where a value's type is expected.
const (
	opSlotImport    = 243
	opSlotInfo      = 244
	opFunction      = 245
	opFunctionPreGA = 246
	opModuleAux     = 247
	opIdle          = 248
	opFreq          = 249
	opAux           = 250
	opResizeDB      = 251
	opExpireMs      = 252
	opExpire        = 253
	opSelectDB      = 254
	opEOF           = 255
)

// Type is how a value is written: a store.Type has several.
type Type byte

// The types of values from Redis 2.6 to Valkey 9.1.
const (
	TypeString           Type = 0
	TypeList             Type = 1
	TypeSet              Type = 2
	TypeZSet             Type = 3
	TypeHash             Type = 4
	TypeZSet2            Type = 5 // scores in binary
	TypeModulePreGA      Type = 6
	TypeModule2          Type = 7
	TypeHashZipmap       Type = 9
	TypeListZiplist      Type = 10
	TypeSetIntset        Type = 11
	TypeZSetZiplist      Type = 12
	TypeHashZiplist      Type = 13
	TypeListQuicklist    Type = 14
	TypeStreamListpacks  Type = 15
	TypeHashListpack     Type = 16
	TypeZSetListpack     Type = 17
	TypeListQuicklist2   Type = 18
	TypeStreamListpacks2 Type = 19
	TypeSetListpack      Type = 20
	TypeStreamListpacks3 Type = 21
	TypeHash2            Type = 22 // fields with deadlines

	typeEnd = 23
	// In a file with the magic of Redis these are Redis' own, whatever they mean in ours.
	foreignTypeMin = 22
	foreignTypeMax = 243
)

var typeNames = [typeEnd]string{
	TypeString: "string", TypeList: "list-linked", TypeSet: "set-hashtable", TypeZSet: "zset-v1",
	TypeHash: "hash-hashtable", TypeZSet2: "zset-v2", TypeModulePreGA: "module-pre-release",
	TypeModule2: "module-value", TypeHashZipmap: "hash-zipmap", TypeListZiplist: "list-ziplist",
	TypeSetIntset: "set-intset", TypeZSetZiplist: "zset-ziplist", TypeHashZiplist: "hash-ziplist",
	TypeListQuicklist: "quicklist", TypeStreamListpacks: "stream", TypeHashListpack: "hash-listpack",
	TypeZSetListpack: "zset-listpack", TypeListQuicklist2: "quicklist-v2", TypeStreamListpacks2: "stream-v2",
	TypeSetListpack: "set-listpack", TypeStreamListpacks3: "stream-v3", TypeHash2: "hash-hashtable-v2",
}

// known reports whether there is such a type at all.
func (t Type) known() bool { return t < typeEnd && typeNames[t] != "" }

// String returns the type's name as valkey-check-rdb prints it.
func (t Type) String() string {
	if t.known() {
		return typeNames[t]
	}
	return fmt.Sprintf("type %d", int(t))
}

// The forms of lengths and strings.
const (
	form6bit  = 0 // in the top two bits of the first byte
	form14bit = 1
	formCoded = 3

	form32bit = 0x80 // the whole first byte
	form64bit = 0x81

	codeInt8  = 0
	codeInt16 = 1
	codeInt32 = 2
	codeLZF   = 3
)
