package sentinel

import (
	"errors"

	"valkey/frontend/resp"
	"valkey/frontend/session"
	"valkey/quorum"
	"valkey/sentinel/monitor"
)

// Wire errors: the text after the dash, equal to Valkey's to the byte where Valkey has one.
const (
	errNoSuchPrimary   = resp.Error("ERR No such master with that name")
	errSave            = resp.Error("ERR Failed to save config file. Check server logs.")
	errHelloOnly       = resp.Error("ERR Only HELLO messages are accepted by Sentinel instances.")
	errInProgress      = resp.Error("INPROG Failover already in progress")
	errNoGoodReplica   = resp.Error("NOGOODSLAVE No suitable replica to promote")
	errNoGoodPrimary   = resp.Error("NOGOODPRIMARY Primary does not support FAILOVER command")
	errFailoverOption  = resp.Error("ERR Unknown failover option specified")
	errQuorumNumber    = resp.Error("ERR Invalid quorum")
	errPortNumber      = resp.Error("ERR Invalid port")
	errQuorumSmall     = resp.Error("ERR Quorum must be 1 or greater.")
	errHost            = resp.Error("ERR Invalid IP address or hostname specified")
	errDuplicate       = resp.Error("ERR Duplicate master name.")
	errPort            = resp.Error("ERR Invalid port number.")
	errNotificationRun = resp.Error("ERR Notification script seems non existing or non executable")
	errReconfigRun     = resp.Error("ERR Client reconfiguration script seems non existing or non executable")
	errScriptsDenied   = resp.Error("ERR Reconfiguration of scripts path is denied for security reasons. Check the " +
		"deny-scripts-reconfig configuration directive in your Sentinel configuration")
	errSimulation  = resp.Error("ERR Unknown failure simulation specified")
	errConfigUsage = resp.Error("ERR Only SENTINEL CONFIG GET <param> [<param> <param> ...] / SET <param> <value> " +
		"[<param> <value> ...] are supported.")
	errNoShutdown       = resp.Error("ERR No shutdown in progress.")
	errShutdownFailover = resp.Error("ERR SHUTDOWN FAILOVER is only supported in cluster mode.")

	// Ours.
	errNoQuorum  = resp.Error("NOQUORUM No majority of the Sentinels' group is in reach, nothing was done")
	errUnknown   = resp.Error("NOQUORUM The Sentinels' group has not answered in time, the request may be done yet")
	errNoMember  = resp.Error("ERR No such member of the Sentinels' group")
	errLastVoter = resp.Error("ERR The last voter of the Sentinels' group stays")
	errName      = resp.Error("ERR Invalid argument: the name or the address is empty or too long")
)

// refusals are the wire's words for what the monitor and the log refuse.
var refusals = []struct {
	err  error
	text resp.Error
}{
	{monitor.ErrNoSuchPrimary, errNoSuchPrimary},
	{monitor.ErrDuplicate, errDuplicate},
	{monitor.ErrInProgress, errInProgress},
	{monitor.ErrNoGoodReplica, errNoGoodReplica},
	{monitor.ErrNoGoodPrimary, errNoGoodPrimary},
	{monitor.ErrNoQuorum, errNoQuorum},
	{monitor.ErrUnknownOutcome, errUnknown},
	{monitor.ErrScriptsDenied, errScriptsDenied},
	{monitor.ErrBadValue, errName},
	{quorum.ErrNoQuorum, errNoQuorum},
	{quorum.ErrUnknown, errUnknown},
	{quorum.ErrNoMember, errNoMember},
	{quorum.ErrLastVoter, errLastVoter},
}

// refusal is the wire's word for an error.
func refusal(err error) resp.Error {
	for _, r := range refusals {
		if errors.Is(err, r.err) {
			return r.text
		}
	}
	return session.Errorf("%v", err)
}
