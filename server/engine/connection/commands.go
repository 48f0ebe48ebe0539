package connection

import "valkey/server/engine"

// Commands are the commands of the family.
var Commands = []engine.Command{Auth, Client, Echo, Hello, Ping, Quit, Reset, Select}
