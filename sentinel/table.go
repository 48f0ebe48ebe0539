package sentinel

import (
	"strings"

	"valkey/frontend/command"
	"valkey/frontend/session"
	"valkey/frontend/session/channels"
	"valkey/frontend/session/clients"
	"valkey/frontend/session/users"
)

// commands are the sentinel's own.
var commands = []sentinelCommand{info, publish, role, container, shutdown}

// newTable joins them with those of every server that a sentinel has too.
func newTable() *command.Table[handler] {
	shared := lift(clients.Commands)
	for i := range shared {
		if shared[i].Name == "client" {
			shared[i].Sub = append(shared[i].Sub, lift(clients.Tracking)...)
		}
	}
	return command.NewTable(commands, shared, lift(channels.Commands), lift(users.Commands))
}

// lift makes commands of a sentinel out of those that every server has and that say so.
func lift(list []session.Command) []sentinelCommand {
	var out []sentinelCommand
	for _, c := range list {
		if !c.Flags.Has(command.SentinelToo) {
			continue
		}
		lifted := sentinelCommand{Spec: c.Spec, Sub: lift(c.Sub)}
		if c.Run != nil {
			lifted.Run = func(of *call) error { return c.Run(&of.Call) }
		}
		out = append(out, lifted)
	}
	return out
}

// container is the command SENTINEL, whose subcommands are in the files about what they do.
var container = sentinelCommand{
	Spec: command.Spec{
		Name: "sentinel", Group: command.GroupSentinel, Since: "2.8.4",
		Complexity: "Depends on subcommand.",
		Summary:    "Holds the commands about what a Sentinel watches.",
		Arity:      -2,
		Flags:      command.Admin | command.SentinelToo | command.SentinelOnly,
	},
	Sub: []sentinelCommand{
		sub("ckquorum", 3, "2.8.4", "Tells whether the Sentinels could agree on a failover.", checkQuorum, primaryName),
		configSub, debugSub, failoverSub,
		sub("flushconfig", 2, "2.8.4", "Writes the configuration file anew.", (*call).replySaved),
		renamed("get-master-addr-by-name", "2.8.4", "get-primary-addr-by-name", primaryAddress, primaryName),
		sub("get-primary-addr-by-name", 3, "8.0.0", "Returns the address of a primary.", primaryAddress, primaryName),
		helpSub,
		sub("history", 3, "9.1.0", "Returns what the Sentinels have decided about a primary.", history, primaryName),
		sub("info-cache", -3, "3.2.0", "Returns the last INFO replies of primaries and their replicas.", infoCache,
			command.Str("nodename").Many()),
		renamed("is-master-down-by-addr", "2.8.4", "is-primary-down-by-addr", isDown, downArgs...),
		sub("is-primary-down-by-addr", 6, "8.0.0", "Tells whether a primary is down, and votes.", isDown, downArgs...),
		renamed("master", "2.8.4", "primary", onePrimary, primaryName),
		renamed("masters", "2.8.4", "primaries", allPrimaries),
		sub("monitor", 6, "2.8.4", "Begins to watch a primary.", watch, command.Str("name"), command.Str("ip"),
			command.Int("port"), command.Int("quorum")),
		sub("myid", 2, "6.2.0", "Returns the id of this Sentinel.", myID),
		sub("pending-scripts", 2, "2.8.4", "Returns the scripts that run or wait.", pendingScripts),
		sub("primaries", 2, "8.0.0", "Returns all that is known of each primary.", allPrimaries),
		sub("primary", 3, "8.0.0", "Returns all that is known of a primary.", onePrimary, primaryName),
		quorumSub,
		sub("remove", 3, "2.8.4", "Ends the watching of a primary.", remove, primaryName),
		sub("replicas", 3, "5.0.0", "Returns all that is known of a primary's replicas.", replicas, primaryName),
		sub("reset", 3, "2.8.4", "Forgets what is known of primaries, and finds it out anew.", reset,
			command.Pattern("pattern")),
		sub("sentinels", 3, "2.8.4", "Returns all that is known of a primary's other Sentinels.", sentinels, primaryName),
		setSub, simulateSub,
		renamed("slaves", "2.8.0", "replicas", replicas, primaryName),
	},
}

var primaryName = command.Str("primary-name")

var downArgs = []command.Arg{
	command.Str("ip"), command.Int("port"), command.Int("current-epoch"), command.Str("runid"),
}

// sub declares a subcommand.
func sub(name string, arity int, since, summary string, run handler, args ...command.Arg) sentinelCommand {
	return sentinelCommand{
		Spec: command.Spec{
			Name: name, Group: command.GroupSentinel, Since: since, Complexity: "O(1)", Summary: summary, Arity: arity,
			Flags: command.Admin | command.SentinelToo | command.SentinelOnly, Args: args,
		},
		Run: run,
	}
}

// renamed declares a subcommand under its older name.
func renamed(name, since, newer string, run handler, args ...command.Arg) sentinelCommand {
	c := sub(name, 2+len(args), since, "Does what "+strings.ToUpper(newer)+" does.", run, args...)
	c.DocFlags, c.ReplacedBy, c.DeprecatedSince = command.DocDeprecated, "`SENTINEL "+strings.ToUpper(newer)+"`", "8.0.0"
	if name == "slaves" {
		c.DeprecatedSince = "5.0.0"
	}
	return c
}

// upper is the upper case of an ASCII word.
func upper(s string) string { return strings.ToUpper(s) }

// helpSub lists the subcommands.
var helpSub = func() sentinelCommand {
	c := sub("help", 2, "6.2.0", "Lists the subcommands with a line on each.", help)
	c.Flags = command.Loading | command.Stale | command.SentinelToo | command.SentinelOnly
	return c
}()

func help(c *call) error {
	c.WriteHelp(
		"CKQUORUM <primary-name>",
		"    Tell whether the Sentinels could agree on a failover of the primary now.",
		"CONFIG SET <param> <value> [<param> <value> ...]",
		"    Change settings of this Sentinel.",
		"CONFIG GET <param> [<param> <param> ...]",
		"    Show settings of this Sentinel.",
		"DEBUG [<param> <value> ...]",
		"    Show or change the periods of this Sentinel, in milliseconds.",
		"FAILOVER <primary-name> [COORDINATED]",
		"    Have a replica take the place of the primary.",
		"FLUSHCONFIG",
		"    Write the configuration file anew.",
		"GET-PRIMARY-ADDR-BY-NAME <primary-name>",
		"    Return the address of the primary.",
		"HISTORY <primary-name>",
		"    Return what the Sentinels have decided about the primary.",
		"INFO-CACHE <primary-name> [<primary-name> ...]",
		"    Return the last INFO replies of primaries and their replicas.",
		"IS-PRIMARY-DOWN-BY-ADDR <ip> <port> <current-epoch> <runid>",
		"    Tell whether this Sentinel finds the primary at that address down.",
		"MONITOR <name> <ip> <port> <quorum>",
		"    Begin to watch a primary.",
		"MYID",
		"    Return the id of this Sentinel.",
		"PENDING-SCRIPTS",
		"    Return the scripts that run or wait.",
		"PRIMARIES",
		"    Return all that is known of each primary.",
		"PRIMARY <primary-name>",
		"    Return all that is known of a primary.",
		"QUORUM (STATUS|MEMBERS|REMOVE <id>|TRANSFER-LEADER <id>|FORCE-NEW-GROUP)",
		"    Show or change the group of Sentinels that decides.",
		"REMOVE <primary-name>",
		"    End the watching of a primary.",
		"REPLICAS <primary-name>",
		"    Return all that is known of the primary's replicas.",
		"RESET <pattern>",
		"    Forget what is known of the primaries whose names match, and find it out anew.",
		"SENTINELS <primary-name>",
		"    Return all that is known of the primary's other Sentinels.",
		"SET <primary-name> <option> <value> [<option> <value> ...]",
		"    Change settings of a primary.",
		"SIMULATE-FAILURE [CRASH-AFTER-ELECTION] [CRASH-AFTER-PROMOTION] [HELP]",
		"    Have this Sentinel crash at a step of the next failover that it drives.",
	)
	return nil
}
