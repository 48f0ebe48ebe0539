package engine

import (
	"valkey/frontend/acl"
	"valkey/frontend/resp"
	"valkey/frontend/session"
)

// permitted asks whether the client's user may run a command, and answers the refusal.
func (e *Engine) permitted(c *Call) bool {
	db, context := c.Client.DB, acl.TopLevel
	if tx := c.Client.Multi; tx != nil {
		db, context = tx.DB, acl.InMulti
	}
	why := e.denied(c, db, context)
	if why == acl.Allowed {
		return true
	}
	return e.reject(c, errPermission(c.Client.User, c.Cmd, why))
}

// denied asks whether a command may run in a database, and logs it if not.
func (e *Engine) denied(c *Call, db int, context acl.Context) acl.Reason {
	u := c.Client.User
	if u == nil || u.Unlimited() {
		return acl.Allowed
	}
	r := acl.Request{Command: &c.Cmd.Decl, Argv: c.Argv, DB: db, Databases: c.Store.Databases()}
	why, at := e.Users.Check(u, &r)
	if why != acl.Allowed {
		object := c.Cmd.FullName
		if at > 0 {
			object = string(c.Argv[at])
		}
		e.LogDenial(c.Client, acl.Entry{Reason: why, Context: context, Object: object, User: u.Name()})
	}
	return why
}

// LogDenial counts a denial and puts it into the log that ACL LOG shows.
func (e *Engine) LogDenial(cl *session.Client, d acl.Entry) {
	e.Stats.Denied[d.Reason]++
	if e.Config.AcllogMaxLen > 0 {
		d.Client = string(e.DescribeClient(nil, cl))
	}
	e.ACLLog.Add(d, e.NowMs(), int(e.Config.AcllogMaxLen))
}

// Permission describes a denial as ACL DRYRUN does; argument is the one to blame.
func Permission(u *acl.User, cmd *Entry, why acl.Reason, argument []byte) string {
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

// errPermission is the answer to a client, which tells no names of keys.
func errPermission(u *acl.User, cmd *Entry, why acl.Reason) resp.Error {
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

// lostPermission is the answer of EXEC for a command that was permitted when it was queued.
func lostPermission(why acl.Reason) resp.Error {
	text := "no permission"
	switch why {
	case acl.DeniedCommand:
		text = "no permission to execute the command or subcommand"
	case acl.DeniedKey:
		text = "no permission to touch the specified keys"
	case acl.DeniedChannel:
		text = "no permission to access one of the channels used as arguments"
	default:
	}
	return resp.Error("NOPERM ACLs rules changed between the moment the transaction was accumulated and the EXEC call. " +
		"This command is no longer allowed for the following reason: " + text)
}

// SetUser changes a user or makes one. Subscribers that the user's new rules keep from their channels are disconnected.
func (e *Engine) SetUser(name string, rules []string) error {
	u, narrowed, err := e.Users.Set(name, rules)
	if narrowed {
		e.killSubscribers(u)
	}
	return err
}

// DeleteUser removes a user and disconnects everyone who has logged in as it. It reports whether there was one.
func (e *Engine) DeleteUser(name []byte) bool {
	u := e.Users.Delete(name)
	if u == nil {
		return false
	}
	for cl := range e.Clients.All {
		if cl.User == u {
			e.expel(cl)
		}
	}
	return true
}

// LoadUsers replaces all users by those of a file's text, or none if anything is wrong with it. Clients whose user is
// gone are disconnected.
func (e *Engine) LoadUsers(file, text string) error {
	replaced, narrowed, err := e.Users.Load(file, text)
	if err != nil {
		return err
	}
	for cl := range e.Clients.All {
		if cl.User == nil {
			continue
		}
		u := replaced[cl.User]
		switch {
		case u == nil:
			e.expel(cl)
		case narrowed[u] && !mayListen(u, cl):
			e.killOrClose(cl)
		default:
			cl.User = u
		}
	}
	return nil
}

// expel disconnects a client whose user is gone. Until then it is nobody.
func (e *Engine) expel(cl *session.Client) {
	cl.User, cl.Authenticated = e.Users.Default, false
	e.killOrClose(cl)
}

// killOrClose disconnects a client; the one whose command is executing, once its reply is sent.
func (e *Engine) killOrClose(cl *session.Client) {
	if cl.Executing {
		cl.CloseAfter = true
	} else {
		e.Kill(cl)
	}
}

func (e *Engine) killSubscribers(u *acl.User) {
	for cl := range e.Clients.All {
		if cl.User == u && !mayListen(u, cl) {
			e.killOrClose(cl)
		}
	}
}

// mayListen reports whether a user may have all of a client's subscriptions.
func mayListen(u *acl.User, cl *session.Client) bool {
	for _, list := range []struct {
		names   *session.Names
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
