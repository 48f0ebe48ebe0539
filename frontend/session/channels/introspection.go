package channels

import (
	"valkey/frontend/command"
	"valkey/frontend/session"
	"valkey/internal/glob"
)

// Pubsub is the container PUBSUB.
var Pubsub = session.Command{
	Spec: command.Spec{
		Name: "pubsub", Group: command.GroupPubsub, Since: "2.8.0",
		Complexity: "As that of the subcommand",
		Summary:    "Groups the commands that look at channels and their subscribers.",
		Arity:      -2,
	},
	Sub: []session.Command{
		pubsubChannels, pubsubHelp, pubsubNumPat, pubsubNumSub, pubsubShardChannels, pubsubShardNumSub,
	},
}

var pubsubChannels = session.Command{
	Spec: command.Spec{
		Name: "channels", Group: command.GroupPubsub, Since: "2.8.0",
		Complexity: "O(N) for N channels with subscribers, if names and pattern are short",
		Summary:    "Lists the channels that have subscribers.",
		Arity:      -2,
		Flags:      command.Pubsub | command.Loading | command.Stale,
		Args:       []command.Arg{command.Pattern("pattern").Opt()},
	},
	Run: channels,
}

func channels(c *session.Call) error { return writeNames(c, &c.Front.PubSub.Channels) }

var pubsubShardChannels = session.Command{
	Spec: command.Spec{
		Name: "shardchannels", Group: command.GroupPubsub, Since: "7.0.0",
		Complexity: "O(N) for N shard channels with subscribers, if names and pattern are short",
		Summary:    "Lists the shard channels that have subscribers.",
		Arity:      -2,
		Flags:      command.Pubsub | command.Loading | command.Stale,
		Args:       []command.Arg{command.Pattern("pattern").Opt()},
	},
	Run: shardChannels,
}

func shardChannels(c *session.Call) error { return writeNames(c, &c.Front.PubSub.Shards) }

// writeNames lists the names with subscribers: all, or those that match the pattern.
func writeNames(c *session.Call, t *session.Topics) error {
	if len(c.Argv) > 3 {
		return c.ErrSubcommandSyntax()
	}
	m, n := c.Reply.Later(), 0
	for name := range t.Names {
		if len(c.Argv) == 3 && !glob.Match(c.Argv[2], []byte(name)) {
			continue
		}
		c.Reply.BulkString(name)
		n++
	}
	c.Reply.EndArray(m, n)
	return nil
}

var pubsubNumSub = session.Command{
	Spec: command.Spec{
		Name: "numsub", Group: command.GroupPubsub, Since: "2.8.0",
		Complexity: "O(N) for N channels asked about",
		Summary:    "Counts the subscribers of each given channel.",
		Arity:      -2,
		Flags:      command.Pubsub | command.Loading | command.Stale,
		Args:       []command.Arg{command.Str("channel").Many().Opt()},
	},
	Run: numSub,
}

func numSub(c *session.Call) error { return writeCounts(c, &c.Front.PubSub.Channels) }

var pubsubShardNumSub = session.Command{
	Spec: command.Spec{
		Name: "shardnumsub", Group: command.GroupPubsub, Since: "7.0.0",
		Complexity: "O(N) for N shard channels asked about",
		Summary:    "Counts the subscribers of each given shard channel.",
		Arity:      -2,
		Flags:      command.Pubsub | command.Loading | command.Stale,
		Args:       []command.Arg{command.Str("shardchannel").Many().Opt()},
	},
	Run: shardNumSub,
}

func shardNumSub(c *session.Call) error { return writeCounts(c, &c.Front.PubSub.Shards) }

func writeCounts(c *session.Call, t *session.Topics) error {
	names := c.Argv[2:]
	c.Reply.Array(2 * len(names))
	for _, name := range names {
		c.Reply.Bulk(name)
		c.Reply.Int(int64(t.Subscribers(name)))
	}
	return nil
}

var pubsubNumPat = session.Command{
	Spec: command.Spec{
		Name: "numpat", Group: command.GroupPubsub, Since: "2.8.0",
		Complexity: "O(1)",
		Summary:    "Counts the different patterns that clients are subscribed to.",
		Arity:      2,
		Flags:      command.Pubsub | command.Loading | command.Stale,
	},
	Run: numPat,
}

func numPat(c *session.Call) error {
	c.Reply.Int(int64(c.Front.PubSub.Patterns.Len()))
	return nil
}

var pubsubHelp = session.Command{
	Spec: command.Spec{
		Name: "help", Group: command.GroupPubsub, Since: "6.2.0",
		Complexity: "O(1)",
		Summary:    "Lists the subcommands with a line on each.",
		Arity:      2,
		Flags:      command.Loading | command.Stale,
	},
	Run: help,
}

func help(c *session.Call) error {
	c.WriteHelp(
		"CHANNELS [<pattern>]",
		"    List the channels that have subscribers, all or those that match <pattern>.",
		"NUMPAT",
		"    Count the patterns that somebody is subscribed to.",
		"NUMSUB [<channel> ...]",
		"    Count each channel's subscribers, without those who match it by a pattern.",
		"SHARDCHANNELS [<pattern>]",
		"    List the shard channels that have subscribers, all or those that match <pattern>.",
		"SHARDNUMSUB [<shardchannel> ...]",
		"    Count each shard channel's subscribers.",
	)
	return nil
}
