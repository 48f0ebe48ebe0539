package server

import (
	"valkey/frontend/session/users"
	"valkey/server/engine"
	"valkey/server/engine/admin"
	"valkey/server/engine/connection"
	"valkey/server/engine/debug"
	"valkey/server/engine/info"
	"valkey/server/engine/keys"
	"valkey/server/engine/persistence"
	"valkey/server/engine/pubsub"
	"valkey/server/engine/replication"
	"valkey/server/engine/scripting"
	"valkey/server/engine/strings"
	"valkey/server/engine/transactions"
)

// families are the lists of all commands.
func families() [][]engine.Command {
	return [][]engine.Command{
		admin.Commands,
		connection.Commands,
		debug.Commands,
		info.Commands,
		keys.Commands,
		persistence.Commands,
		pubsub.Commands,
		replication.Commands,
		scripting.Commands,
		strings.Commands,
		transactions.Commands,
		engine.Lift(users.Commands),
	}
}
