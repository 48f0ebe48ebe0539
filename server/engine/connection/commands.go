package connection

import (
	"valkey/frontend/session/clients"
	"valkey/server/engine"
)

// Commands are the commands of the family, and those about connections that every server has.
var Commands = append([]engine.Command{Reset, Select}, engine.Lift(clients.Commands)...)
