package clients

import (
	"valkey/frontend/command"
	"valkey/frontend/session"
)

// Client is the container CLIENT.
var Client = session.Command{
	Spec: command.Spec{
		Name: "client", Group: command.GroupConnection, Since: "2.4.0",
		Complexity: "As that of the subcommand",
		Summary:    "Groups the commands about client connections.",
		Arity:      -2,
		Flags:      command.SentinelToo,
	},
	Sub: []session.Command{
		clientCapa, clientGetName, clientGetRedir, clientHelp, clientID, clientImportSource, clientInfo, clientKill,
		clientList, clientNoEvict, clientNoTouch, clientPause, clientReply, clientSetInfo, clientSetName,
		clientTrackingInfo, clientUnblock, clientUnpause,
	},
}

var clientHelp = session.Command{
	Spec: command.Spec{
		Name: "help", Group: command.GroupConnection, Since: "5.0.0",
		Complexity: "O(1)",
		Summary:    "Lists the subcommands with a line on each.",
		Arity:      2,
		Flags:      command.Loading | command.Stale | command.SentinelToo,
	},
	Run: help,
}

func help(c *session.Call) error {
	c.WriteHelp(
		"CAPA <option> [<option> ...]",
		"    Tell the server what the client is able to do. Options are:",
		"    * REDIRECT",
		"      It follows a redirection from a replica, or from a primary that is being replaced.",
		"GETNAME",
		"    Show the connection's name.",
		"GETREDIR",
		"    Show which client gets the invalidation messages of this connection, -1 for none.",
		"ID",
		"    Show the connection's id.",
		"IMPORT-SOURCE (ON|OFF)",
		"    Say that this connection brings data in while import-mode is on; it may then see expired keys.",
		"INFO",
		"    Describe the connection in a line.",
		"KILL <ip:port>",
		"    Close the connection that comes from an address.",
		"KILL <filter> <value> [<filter> <value> ...]",
		"    Close the connections that pass all filters: those of LIST. SKIPME is yes unless said otherwise.",
		"LIST [<filter> <value> ...]",
		"    Describe the connections that pass all filters, a line each. NOT- before a filter's name turns it round,",
		"    except for SKIPME, MAXAGE and IDLE. Filters are:",
		"    * ADDR <ip:port>, LADDR <ip:port>, IP <ip>: the client's address, the server's end, the client without port.",
		"    * CAPA <letters>, FLAGS <letters>: it has all of these letters in the field of that name.",
		"    * DB <number>: the database that it uses.",
		"    * ID <id> [<id> ...]: one of these ids.",
		"    * IDLE <seconds>, MAXAGE <seconds>: silent, or connected, for at least so long.",
		"    * LIB-NAME <name>, LIB-VER <version>, NAME <name>: what CLIENT SETINFO and SETNAME have set.",
		"    * SKIPME (YES|NO): whether to leave this very connection out; no unless said otherwise.",
		"    * TYPE (NORMAL|PRIMARY|REPLICA|PUBSUB): the kind of connection.",
		"    * USER <name>: who it has logged in as.",
		"NO-EVICT (ON|OFF)",
		"    Protect the connection from being closed when all clients need too much memory.",
		"NO-TOUCH (ON|OFF)",
		"    Leave the use statistics of keys alone.",
		"PAUSE <timeout> [WRITE|ALL]",
		"    Hold back all commands, or those that write, for <timeout> milliseconds.",
		"REPLY (ON|OFF|SKIP)",
		"    Switch replies on or off, or leave out the next one.",
		"SETINFO (LIB-NAME <name>|LIB-VER <version>)",
		"    Say which library the client uses.",
		"SETNAME <name>",
		"    Name the connection.",
		"TRACKINGINFO",
		"    Show how keys are tracked for the connection.",
		"UNBLOCK <clientid> [TIMEOUT|ERROR]",
		"    End the wait of a client, as if its time were over or with an error.",
		"UNPAUSE",
		"    End a pause.",
	)
	return nil
}
