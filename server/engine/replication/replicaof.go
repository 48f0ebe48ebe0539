package replication

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"valkey/frontend/command"
	"valkey/frontend/resp"
	"valkey/frontend/session"
	"valkey/server/engine"
)

// ReplicaOf makes the server a replica, or a primary.
var ReplicaOf = engine.Command{
	Spec: command.Spec{
		Name: "replicaof", Group: command.GroupServer, Since: "5.0.0",
		Complexity: "O(1)",
		Summary:    "Makes the server a replica of another one, or a primary.",
		Arity:      3,
		Flags:      command.NoAsyncLoading | command.Admin | command.NoScript | command.Stale,
		Args:       newPrimary,
	},
	Run: replicaOf,
}

// ReplicaOfOld is the same under its old name.
var ReplicaOfOld = engine.Command{
	Spec: command.Spec{
		Name: "slaveof", Group: command.GroupServer, Since: "1.0.0",
		Complexity: "O(1)",
		Summary:    "Makes the server a replica of another one, or a primary.",
		Arity:      3,
		Flags:      command.NoAsyncLoading | command.Admin | command.NoScript | command.Stale,
		Args:       newPrimary,
		DocFlags:   command.DocDeprecated, DeprecatedSince: "5.0.0", ReplacedBy: "`REPLICAOF`",
	},
	Run: replicaOf,
}

var newPrimary = []command.Arg{command.OneOf("args",
	command.Block("host-port", command.Str("host"), command.Int("port")),
	command.Block("no-one", command.Token("no", "NO"), command.Token("one", "ONE")),
)}

// replicaOf changes the role. The last word may carry an epoch, as in "NO ONE/7": see docs/adr/0012. One that is lower
// than an earlier one's is refused, so that a sentinel that was paused cannot undo what another one did since.
func replicaOf(c *engine.Call) error {
	last, carried, found := bytes.Cut(c.Argv[2], []byte("/"))
	epoch, err := strconv.ParseUint(string(carried), 10, 64)
	switch {
	case found && err != nil:
		return engine.Errorf("Invalid master port")
	case found && epoch < c.RoleEpoch:
		return engine.ErrStaleEpoch
	}
	if err := changeRole(c, last); err != nil {
		return err
	}
	c.RoleEpoch = max(c.RoleEpoch, epoch)
	return nil
}

// changeRole takes the words of REPLICAOF, the last one without its epoch.
func changeRole(c *engine.Call, last []byte) error {
	now := c.Host.Replication()
	if now.Failover != "no-failover" {
		return engine.Errorf("REPLICAOF not allowed while failing over.")
	}
	if c.Is(1, "no") && strings.EqualFold(string(last), "one") {
		if now.Primary != nil {
			c.Host.Promote()
			c.Host.Log(session.LogNotice, fmt.Sprintf("PRIMARY MODE enabled (user request from '%s')", c.ClientForLog(c.Client)))
		}
		c.Reply.OK()
		return nil
	}
	if c.Client.IsReplica() {
		return engine.Errorf("Command is not valid when client is a replica.")
	}
	port, ok := resp.ParseInt(last)
	if !ok || port < 0 || port > portMax {
		return engine.Errorf("Invalid master port")
	}
	host := string(c.Argv[1])
	if p := now.Primary; p != nil && strings.EqualFold(p.Host, host) && p.Port == port {
		c.Host.Log(session.LogNotice, "REPLICAOF names the primary that this replica has already: nothing to do")
		c.Reply.Simple("OK Already connected to specified master")
		return nil
	}
	c.Host.Replicate(host, port)
	c.Host.Log(session.LogNotice, fmt.Sprintf("REPLICAOF %s:%d enabled (user request from '%s')", host, port,
		c.ClientForLog(c.Client)))
	c.Reply.OK()
	return nil
}

const portMax = 65535
