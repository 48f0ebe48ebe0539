package session

import (
	"valkey/frontend/acl"
	"valkey/frontend/command"
	"valkey/frontend/resp"
)

// Denied asks whether a command may run in a database, and logs it if not.
func (f *Front) Denied(c *Call, db int, context acl.Context) acl.Reason {
	u := c.Client.User
	if u == nil || u.Unlimited() {
		return acl.Allowed
	}
	r := acl.Request{Command: c.Cmd, Argv: c.Argv, DB: db, Databases: int(f.Config.Databases)}
	why, at := f.Users.Check(u, r)
	if why != acl.Allowed {
		object := c.Cmd.FullName
		if at > 0 {
			object = string(c.Argv[at])
		}
		f.LogDenial(c.Client, acl.Entry{Reason: why, Context: context, Object: object, User: u.Name()})
	}
	return why
}

// LogDenial counts a denial and puts it into the log that ACL LOG shows.
func (f *Front) LogDenial(cl *Client, d acl.Entry) {
	f.Stats.Denied[d.Reason]++
	if f.Config.AcllogMaxLen > 0 {
		d.Client = string(f.DescribeClient(nil, cl))
	}
	f.ACLLog.Add(d, f.NowMs(), int(f.Config.AcllogMaxLen))
}

// Permission describes a denial as ACL DRYRUN does; argument is the one to blame.
func Permission(u *acl.User, cmd *command.Decl, why acl.Reason, argument []byte) string {
	text := "User " + u.Name() + " has no permissions to "
	switch why {
	case acl.DeniedKey:
		return text + "access the '" + string(argument) + "' key"
	case acl.DeniedChannel:
		return text + "access the '" + string(argument) + "' channel"
	case acl.DeniedDatabase:
		return text + "access database " + string(argument)
	default:
		return text + "run the '" + cmd.FullName + "' command"
	}
}

// ErrPermission is the answer to a client, which tells no names of keys.
func ErrPermission(u *acl.User, cmd *command.Decl, why acl.Reason) resp.Error {
	switch why {
	case acl.DeniedKey:
		return errNoKey
	case acl.DeniedChannel:
		return errNoChannel
	case acl.DeniedDatabase:
		return errNoDatabase
	default:
		return resp.Error("NOPERM " + Permission(u, cmd, why, nil))
	}
}

// SetUser changes a user or makes one. Subscribers that the user's new rules keep from their channels are disconnected.
func (f *Front) SetUser(name string, rules []string) error {
	u, narrowed, err := f.Users.Set(name, rules)
	if narrowed {
		f.killSubscribers(u)
	}
	return err
}

// DeleteUser removes a user and disconnects everyone who has logged in as it. It reports whether there was one.
func (f *Front) DeleteUser(name []byte) bool {
	u := f.Users.Delete(name)
	if u == nil {
		return false
	}
	for cl := range f.Clients.All {
		if cl.User == u {
			f.expel(cl)
		}
	}
	return true
}

// LoadUsers replaces all users by those of a file's text, or none if anything is wrong with it. Clients whose user is
// gone are disconnected.
func (f *Front) LoadUsers(file, text string) error {
	replaced, narrowed, err := f.Users.Load(file, text)
	if err != nil {
		return err
	}
	for cl := range f.Clients.All {
		if cl.User == nil {
			continue
		}
		u := replaced[cl.User]
		switch {
		case u == nil:
			f.expel(cl)
		case narrowed[u] && !mayListen(u, cl):
			f.killOrClose(cl)
		default:
			cl.User = u
		}
	}
	return nil
}

// expel disconnects a client whose user is gone. Until then it is nobody.
func (f *Front) expel(cl *Client) {
	cl.User, cl.Authenticated = f.Users.Default, false
	f.killOrClose(cl)
}

// killOrClose disconnects a client; the one whose command is executing, once its reply is sent.
func (f *Front) killOrClose(cl *Client) {
	if cl.Executing {
		cl.CloseAfter = true
	} else {
		f.Kill(cl)
	}
}

func (f *Front) killSubscribers(u *acl.User) {
	for cl := range f.Clients.All {
		if cl.User == u && !mayListen(u, cl) {
			f.killOrClose(cl)
		}
	}
}

// mayListen reports whether a user may have all of a client's subscriptions.
func mayListen(u *acl.User, cl *Client) bool {
	for _, list := range []struct {
		names   *Names
		pattern bool
	}{{&cl.Subs.Channels, false}, {&cl.Subs.Patterns, true}, {&cl.Subs.Shards, false}} {
		for _, name := range list.names.List() {
			if !u.ChannelAllowed([]byte(name), list.pattern) {
				return false
			}
		}
	}
	return true
}
