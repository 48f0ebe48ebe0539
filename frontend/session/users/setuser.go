package users

import (
	"valkey/frontend/acl"
	"valkey/frontend/command"
	"valkey/frontend/session"
)

var aclSetUser = session.Command{
	Spec: command.Spec{
		Name: "setuser", Group: command.GroupServer, Since: "6.0.0",
		Complexity: "O(N) for N rules",
		Summary:    "Makes a user, or changes one by rules.",
		Arity:      -3,
		Flags:      closed,
		Args:       []command.Arg{command.Str("username"), command.Str("rule").Many().Opt()},
		Tips:       []string{"request_policy:all_nodes", "response_policy:all_succeeded"},
		History: []command.Change{
			{Version: "6.2.0", Text: "Takes rules about channels of pub/sub."},
			{Version: "7.0.0", Text: "Takes selectors, and key patterns for reading or writing alone."},
			{Version: "9.1.0", Text: "Takes rules about databases."},
		},
	},
	Run: setUser,
}

func setUser(c *session.Call) error {
	redactAll(c)
	name := string(c.Argv[2])
	if !acl.ValidName(name) {
		return session.Errorf("Usernames can't contain spaces or null characters")
	}
	rules := make([]string, len(c.Argv)-3)
	for i := range rules {
		rules[i] = string(c.Argv[i+3])
	}
	if err := c.Front.SetUser(name, rules); err != nil {
		return session.Errorf("%s", err)
	}
	c.Reply.OK()
	return nil
}

// redactAll keeps users' names and rules out of the logs.
func redactAll(c *session.Call) {
	for i := 2; i < len(c.Argv); i++ {
		c.Redact(i)
	}
}

var aclDelUser = session.Command{
	Spec: command.Spec{
		Name: "deluser", Group: command.GroupServer, Since: "6.0.0",
		Complexity: "O(1) amortized, and O(N) for N connected clients",
		Summary:    "Removes users and disconnects their clients.",
		Arity:      -3,
		Flags:      closed,
		Args:       []command.Arg{command.Str("username").Many()},
		Tips:       []string{"request_policy:all_nodes", "response_policy:all_succeeded"},
	},
	Run: delUser,
}

func delUser(c *session.Call) error {
	redactAll(c)
	deleted := int64(0)
	for _, name := range c.Argv[2:] {
		if string(name) == acl.DefaultUser {
			return errDefaultUser
		}
		if c.Front.DeleteUser(name) {
			deleted++
		}
	}
	c.Reply.Int(deleted)
	return nil
}

var errDefaultUser = session.Errorf("The 'default' user cannot be removed")

var aclLoad = session.Command{
	Spec: command.Spec{
		Name: "load", Group: command.GroupServer, Since: "6.0.0",
		Complexity: "O(N) for N users",
		Summary:    "Reads all users from the ACL file.",
		Arity:      2,
		Flags:      closed,
	},
	Run: func(c *session.Call) error {
		return file(c, func() error {
			if err := c.Front.Host.LoadUsers(); err != nil {
				return session.Errorf("%s", err)
			}
			return nil
		})
	},
}

var aclSave = session.Command{
	Spec: command.Spec{
		Name: "save", Group: command.GroupServer, Since: "6.0.0",
		Complexity: "O(N) for N users",
		Summary:    "Writes all users to the ACL file.",
		Arity:      2,
		Flags:      closed,
		Tips:       []string{"request_policy:all_nodes", "response_policy:all_succeeded"},
	},
	Run: func(c *session.Call) error {
		return file(c, func() error {
			err := c.Front.Host.SaveUsers()
			if err != nil {
				c.Front.Host.Log(session.LogWarning, "ACL SAVE: "+err.Error())
				err = errSave
			}
			return err
		})
	},
}

var (
	errNoFile = session.Errorf("This instance is not configured to use an ACL file. You may want to specify users via " +
		"the ACL SETUSER command and then issue a CONFIG REWRITE (assuming you have a configuration file set) in order " +
		"to store users in the configuration.")
	errSave = session.Errorf("There was an error trying to save the ACLs. Please check the server logs for more " +
		"information")
)

// file reads or writes the ACL file.
func file(c *session.Call, do func() error) error {
	if c.Front.Config.Aclfile == "" {
		return errNoFile
	}
	if err := do(); err != nil {
		return err
	}
	c.Reply.OK()
	return nil
}
