package shell

import (
	"fmt"

	"valkey/configs"
	"valkey/frontend/acl"
	"valkey/frontend/session"
	"valkey/internal/vfs"
)

// usersBytesMax is the largest ACL file that is read.
const usersBytesMax = 64 << 20

// ConfigureUsers sets up the users that the configuration names, in its own lines or in a file of theirs.
func ConfigureUsers(f *session.Front) error {
	c := f.Config
	if c.Aclfile != "" && len(c.User) > 0 {
		return c.User[0].Place.Refuse("users stand either here or in the aclfile, not in both: a server that reads them " +
			"from two places is easily open by mistake")
	}
	list := make([]acl.Configured, len(c.User))
	for i, u := range c.User {
		list[i] = acl.Configured{Name: u.Words[0], Rules: u.Words[1:]}
	}
	if at, err := f.Users.Configure(list); err != nil {
		return c.User[at].Place.Refuse(err.Error())
	}
	c.UserLines = func() []string { return userLines(f) }
	if c.Aclfile == "" {
		return nil
	}
	if err := LoadUsers(f); err != nil {
		return fmt.Errorf("shell: aclfile: %w", err)
	}
	return nil
}

// userLines are the users as CONFIG REWRITE writes them: none if they have a file of their own.
func userLines(f *session.Front) []string {
	if f.Config.Aclfile != "" {
		return nil
	}
	var lines []string
	for _, u := range f.Users.All() {
		lines = append(lines, u.Name()+" "+u.Describe())
	}
	return lines
}

// LoadUsers reads the ACL file.
func LoadUsers(f *session.Front) error {
	name := f.Config.Aclfile
	text, err := vfs.ReadFile(vfs.OS{}, name, usersBytesMax)
	if err != nil {
		//nolint:staticcheck // wire text
		return fmt.Errorf("Error loading ACLs, opening file '%s': %s", name, configs.Strerror(err))
	}
	return f.LoadUsers(name, string(text))
}

// SaveUsers writes the ACL file, whole or not at all.
func SaveUsers(f *session.Front) error {
	name := f.Config.Aclfile
	if err := vfs.Replace(vfs.OS{}, name, []byte(f.Users.Text()), 0o600, false); err != nil {
		return fmt.Errorf("shell: save %s: %w", name, err)
	}
	return nil
}
