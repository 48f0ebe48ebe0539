package keys

import (
	"errors"
	"math"
	"strconv"

	"valkey/configs"
	"valkey/frontend/command"
	"valkey/frontend/resp"
	"valkey/server/engine"
	"valkey/store"
	"valkey/store/rdb"
)

// Dump returns a value in a form that RESTORE takes.
var Dump = engine.Command{
	Spec: command.Spec{
		Name: "dump", Group: command.GroupGeneric, Since: "2.6.0",
		Complexity: "O(1) for the key, O(N) for a value of N bytes or elements",
		Summary:    "Returns a value in the form of the data file.",
		Arity:      2,
		Flags:      command.Readonly,
		Tips:       []string{"nondeterministic_output"},
		Keys:       []command.KeySpec{command.KeyAt(1, command.RO, command.Access)},
		Args:       []command.Arg{command.KeyArg("key", 0)},
	},
	Run: dump,
}

// Restore makes a key of what DUMP returned.
var Restore = engine.Command{
	Spec: command.Spec{
		Name: "restore", Group: command.GroupGeneric, Since: "2.6.0",
		Complexity: "O(1) for the key, O(N) for a value of N bytes or elements, O(N*log(N)) for a sorted set",
		Summary:    "Makes a key of a value that DUMP returned.",
		Arity:      -4,
		Flags:      command.Write | command.DenyOOM,
		Categories: command.CategoryDangerous,
		Keys:       []command.KeySpec{command.KeyAt(1, command.OW, command.Update)},
		Args: []command.Arg{
			command.KeyArg("key", 0),
			command.Int("ttl"),
			command.Str("serialized-value"),
			command.Token("replace", "REPLACE").Opt().From("3.0.0"),
			command.Token("absttl", "ABSTTL").Opt().From("5.0.0"),
			command.Int("seconds").Tok("IDLETIME").Opt().From("5.0.0"),
			command.Int("frequency").Tok("FREQ").Opt().From("5.0.0"),
		},
		History: []command.Change{
			{Version: "3.0.0", Text: "Takes `REPLACE`."},
			{Version: "5.0.0", Text: "Takes `ABSTTL`."},
			{Version: "5.0.0", Text: "Takes `IDLETIME` and `FREQ`."},
		},
	},
	Run: restore,
}

const (
	errBusyKey     = resp.Error("BUSYKEY Target key name already exists.")
	errRestoreTTL  = resp.Error("ERR Invalid TTL value, must be >= 0")
	errRestoreIdle = resp.Error("ERR Invalid IDLETIME value, must be >= 0")
	errRestoreFreq = resp.Error("ERR Invalid FREQ value, must be >= 0 and <= 255")
	errPayload     = resp.Error("ERR DUMP payload version or checksum are wrong")
	errPayloadData = resp.Error("ERR Bad data format")
)

var wordAbsTTL = []byte("ABSTTL")

func dump(c *engine.Call) error {
	en := c.Read(c.Key(1))
	if !en.Exists() {
		c.Reply.Null()
		return nil
	}
	c.Reply.Bulk(rdb.DumpPayload(en, c.Config.Rdbcompression))
	return nil
}

func restore(c *engine.Call) error {
	var o restoreOptions
	if err := o.parse(c); err != nil {
		return err
	}
	k := c.Key(1)
	if !o.replace && c.Find(k).Exists() {
		return errBusyKey
	}
	ttl, err := c.Int(2)
	if err != nil {
		return err
	}
	if ttl < 0 {
		return errRestoreTTL
	}
	value, err := payload(c, c.Argv[3])
	if err != nil {
		return err
	}
	deleted := o.replace && c.DB.Unlink(k.Name, k.Hash)
	at := ttl
	if ttl != 0 && !o.absolute {
		at += c.NowMs()
	}
	if ttl != 0 && c.Past(at) {
		if deleted {
			c.Effect(engine.Deletion(c.Config.LazyfreeLazyServerDel), k.Name)
			c.Modified(k)
			c.Event(configs.NotifyGeneric, "del", k)
		}
		c.Reply.OK()
		return nil
	}
	o.store(c, k, &value, at)
	if ttl != 0 && !o.absolute && c.WantsEffects() {
		argv := append([][]byte(nil), c.Argv...)
		argv[2] = strconv.AppendInt(nil, at, 10)
		c.Effect(append(argv, wordAbsTTL)...)
	}
	c.Reply.OK()
	return nil
}

// restoreOptions are those of RESTORE; idle and freq are -1 where they are not given.
type restoreOptions struct {
	replace, absolute bool
	idle, freq        int64
}

func (o *restoreOptions) parse(c *engine.Call) (err error) {
	o.idle, o.freq = -1, -1
	for i := 4; i < len(c.Argv); i++ {
		more := i+1 < len(c.Argv)
		switch {
		case c.Is(i, "replace"):
			o.replace = true
		case c.Is(i, "absttl"):
			o.absolute = true
		case c.Is(i, "idletime") && more && o.freq == -1:
			i++
			if o.idle, err = c.Int(i); err != nil {
				return err
			}
			if o.idle < 0 {
				return errRestoreIdle
			}
		case c.Is(i, "freq") && more && o.idle == -1:
			i++
			if o.freq, err = c.Int(i); err != nil {
				return err
			}
			if o.freq < 0 || o.freq > 255 {
				return errRestoreFreq
			}
		default:
			return engine.ErrSyntax
		}
	}
	return nil
}

// store makes the key, which does not exist, with a deadline unless that is 0.
func (o *restoreOptions) store(c *engine.Call, k engine.KeyName, value *rdb.Value, at int64) {
	if at == 0 {
		at = store.NoExpire
	}
	en := value.Put(c.DB, k.Name, k.Hash, at)
	if o.idle >= 0 {
		en.SetIdle(uint32(min(o.idle, math.MaxUint32)))
	}
	if o.freq >= 0 {
		en.SetFreq(uint8(o.freq))
	}
	c.Created(k)
	c.Modified(k)
	c.Event(configs.NotifyGeneric, "restore", k)
}

// payload takes what DUMP returned apart.
func payload(c *engine.Call, p []byte) (rdb.Value, error) {
	version, sound := rdb.PayloadFooter(p)
	if !version.Accepted(c.Config.RdbVersionCheck == configs.RdbVersionRelaxed) || !sound && !c.SkipChecksums() {
		return rdb.Value{}, errPayload
	}
	if t := rdb.PayloadType(p); t.ForeignTo(version) {
		return rdb.Value{}, engine.Errorf("Unsupported foreign data type: %d", byte(t))
	}
	value, err := rdb.ReadPayload(p)
	if foreign := new(rdb.ForeignError); errors.As(err, &foreign) {
		return rdb.Value{}, engine.Errorf("%s", foreign.Reason)
	}
	if err != nil {
		return rdb.Value{}, errPayloadData
	}
	return value, nil
}
