package clients

import (
	"valkey/frontend/acl"
	"valkey/frontend/command"
	"valkey/frontend/session"
)

// Auth is the command AUTH.
var Auth = session.Command{
	Spec: command.Spec{
		Name: "auth", Group: command.GroupConnection, Since: "1.0.0",
		Complexity: "O(N) for N passwords of the user",
		Summary:    "Logs the connection in with a password, and a user name if need be.",
		Arity:      -2,
		Flags: command.NoScript | command.Loading | command.Stale | command.Fast | command.NoAuth |
			command.SentinelToo | command.AllowBusy,
		Args: []command.Arg{command.Str("username").Opt().From("6.0.0"), command.Str("password")},
		History: []command.Change{
			{Version: "6.0.0", Text: "Takes a user name before the password."},
		},
	},
	Run: auth,
}

func auth(c *session.Call) error {
	for i := 1; i < len(c.Argv); i++ { // one too many may be a password with a blank in it
		c.Redact(i)
	}
	if len(c.Argv) > 3 {
		return session.ErrSyntax
	}
	if len(c.Argv) == 3 {
		return logInOK(c, c.Argv[1], c.Argv[2])
	}
	if c.Front.Users.Default.NoPass() {
		return session.Errorf("AUTH <password> called without any password configured for the default user." +
			" Are you sure your configuration is correct?")
	}
	return logInOK(c, []byte(acl.DefaultUser), c.Argv[1])
}

func logInOK(c *session.Call, user, password []byte) error {
	if err := logIn(c, user, password); err != nil {
		return err
	}
	c.Reply.OK()
	return nil
}

// logIn makes the connection a user's.
func logIn(c *session.Call, user, password []byte) error {
	u := c.Front.Users.Find(user)
	if u == nil || !u.Authenticate(password) {
		context := acl.TopLevel
		if c.Client.Multi != nil {
			context = acl.InMulti
		}
		c.Front.LogDenial(c.Client, acl.Entry{
			Reason: acl.DeniedAuth, Context: context, Object: string(c.Argv[0]), User: string(user),
		})
		return session.ErrWrongPass
	}
	c.Front.LogIn(c.Client, u)
	return nil
}
