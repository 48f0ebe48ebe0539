// Package acl decides who may do what: users, their passwords and rules, and the check of a command against them.
//
// It is pure: no file, clock, log or lock. [Users] belongs to one server, which guards it with the lock under which its
// commands run. Rules are words ("+get", "~app:*", "(…)"); applied to a user they compile to a bit set over the IDs of
// commands, and to patterns, so that a check allocates nothing. A user who may do everything is recognised by one
// comparison ([User.Unlimited]).
//
// Start reading at [Users], then rule.go for what a word does and check.go for what is asked of a command.
package acl
