package clients

import "valkey/frontend/session"

// Commands are the commands of the family.
var Commands = []session.Command{Auth, Client, Command, Echo, Hello, Ping, Quit}
