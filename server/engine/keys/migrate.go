package keys

import (
	"bytes"

	"valkey/frontend/command"
	"valkey/frontend/resp"
	"valkey/frontend/session"
	"valkey/server/engine"
)

// Migrate moves keys to another server.
var Migrate = engine.Command{
	Spec: command.Spec{
		Name: "migrate", Group: command.GroupGeneric, Since: "2.6.0",
		Complexity: "As DUMP and DEL here and RESTORE there, for each key, and the time that the network takes",
		Summary:    "Moves keys to another server.",
		Arity:      -6,
		Flags:      command.Write,
		Categories: command.CategoryDangerous,
		Tips:       []string{"nondeterministic_output"},
		Keys: []command.KeySpec{
			command.KeyAt(3, command.RW, command.Access|command.Delete),
			incomplete(command.KeyRangeAfter("KEYS", -2, -1, 1, command.RW, command.Access|command.Delete)),
		},
		FindKeys: migrateKeys,
		Args: []command.Arg{
			command.Str("host"),
			command.Int("port"),
			command.OneOf("key-selector", command.KeyArg("key", 0), command.Token("empty-string", `""`)),
			command.Int("destination-db"),
			command.Int("timeout"),
			command.Token("copy", "COPY").Opt().From("3.0.0"),
			command.Token("replace", "REPLACE").Opt().From("3.0.0"),
			command.OneOf("authentication",
				command.Str("auth").Tok("AUTH").Shown("password").From("4.0.7"),
				command.Block("auth2", command.Str("username"), command.Str("password")).Tok("AUTH2").From("6.0.0")).Opt(),
			command.KeyArg("keys", 1).Tok("KEYS").Shown("key").Opt().Many().From("3.0.6"),
		},
		History: []command.Change{
			{Version: "3.0.0", Text: "Takes `COPY` and `REPLACE`."},
			{Version: "3.0.6", Text: "Takes `KEYS`."},
			{Version: "4.0.7", Text: "Takes `AUTH`."},
			{Version: "6.0.0", Text: "Takes `AUTH2`."},
		},
	},
	Run: migrate,
}

func incomplete(k command.KeySpec) command.KeySpec {
	k.Flags |= command.Incomplete
	return k
}

const (
	errMigrateKeys = resp.Error("ERR When using MIGRATE KEYS option, the key argument must be set to the empty string")
	// errMigrateInside is ours: Valkey stops the whole server until the other one has answered.
	errMigrateInside = resp.Error("ERR MIGRATE waits for another server and cannot run inside a transaction")
)

// migrateDefaultTimeout stands in for a timeout of 0 or less, milliseconds.
const migrateDefaultTimeout = 1000

func migrate(c *engine.Call) error {
	m := &engine.Migration{Address: address(c.Argv[1], c.Argv[2])}
	names, err := parseMigrate(c, m)
	if err != nil {
		return err
	}
	if m.Timeout, err = c.Int(5); err != nil {
		return err
	}
	if m.DB, err = c.Int(4); err != nil {
		return err
	}
	if m.Timeout <= 0 {
		m.Timeout = migrateDefaultTimeout
	}
	for _, name := range names {
		if c.Read(c.KeyOf(name)).Exists() {
			m.Keys = append(m.Keys, bytes.Clone(name))
		}
	}
	if len(m.Keys) == 0 {
		c.Reply.Simple("NOKEY")
		return nil
	}
	if !c.MayBlock() {
		return errMigrateInside
	}
	c.Migrate(m)
	return nil
}

// parseMigrate reads the options and returns the keys that are named.
func parseMigrate(c *engine.Call, m *engine.Migration) ([][]byte, error) {
	for i := 6; i < len(c.Argv); i++ {
		more := len(c.Argv) - 1 - i
		switch {
		case c.Is(i, "copy"):
			m.Copies = true
		case c.Is(i, "replace"):
			m.Replaces = true
		case c.Is(i, "auth") && more >= 1:
			m.Auth = credentials(c, i+1, 1)
			i++
		case c.Is(i, "auth2") && more >= 2:
			m.Auth = credentials(c, i+1, 2)
			i += 2
		case c.Is(i, "keys"):
			if len(c.Argv[3]) != 0 {
				return nil, errMigrateKeys
			}
			return c.Argv[i+1:], nil
		default:
			for ; i < len(c.Argv); i++ { // a password may be among what was not understood
				c.Redact(i)
			}
			return nil, engine.ErrSyntax
		}
	}
	return c.Argv[3:4], nil
}

// credentials makes an AUTH of n arguments from i on, which no log is to show.
func credentials(c *engine.Call, i, n int) [][]byte {
	auth := [][]byte{[]byte("AUTH")}
	for ; n > 0; i, n = i+1, n-1 {
		c.Redact(i)
		auth = append(auth, bytes.Clone(c.Argv[i]))
	}
	return auth
}

// migrateKeys finds the keys of a call: the one at its place, or those behind KEYS.
func migrateKeys(argv [][]byte, dst []command.KeyRef) ([]command.KeyRef, error) {
	first, last := 3, 3
	for i := 6; i < len(argv); i++ {
		switch {
		case session.EqualFold(argv[i], "auth"):
			i++
		case session.EqualFold(argv[i], "auth2"):
			i += 2
		case session.EqualFold(argv[i], "keys"):
			if len(argv[3]) != 0 {
				return dst, command.ErrKeys
			}
			first, last = i+1, len(argv)-1
			i = len(argv)
		}
	}
	for ; first <= last; first++ {
		dst = append(dst, command.KeyRef{Index: first, Flags: command.RW | command.Access | command.Delete})
	}
	return dst, nil
}

// address joins a host and a port, which may be of IPv6.
func address(host, port []byte) string {
	if bytes.IndexByte(host, ':') >= 0 {
		return "[" + string(host) + "]:" + string(port)
	}
	return string(host) + ":" + string(port)
}
