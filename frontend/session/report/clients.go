package report

// Clients is the section about connections.
func (r *Reading) Clients() Section {
	return Section{Name: "clients", Title: "Clients", Rows: func(b []byte) []byte { return Rows(b, clientFields, r) }}
}

var clientFields = []Field[*Reading]{
	{"connected_clients", func(r *Reading) any { return r.Front.Clients.Len() - r.Extra.Replicas }},
	{"cluster_connections", Constant[*Reading](0)},
	{"maxclients", func(r *Reading) any { return r.Config.Maxclients }},
	{"client_recent_max_input_buffer", func(r *Reading) any { return r.clients.inputMax }},
	{"client_recent_max_output_buffer", func(r *Reading) any { return r.clients.outputMax }},
	{"blocked_clients", func(r *Reading) any { return r.Extra.Blocked }},
	{"tracking_clients", func(r *Reading) any { return r.clients.tracking }},
	{"pubsub_clients", func(r *Reading) any { return r.clients.pubsub }},
	{"watching_clients", func(r *Reading) any { return r.clients.watching }},
	{"clients_in_timeout_table", func(r *Reading) any { return r.Extra.Deadlines }},
	{"total_watched_keys", func(r *Reading) any { return r.clients.watchedKeys }},
	{"total_blocking_keys", func(r *Reading) any { return r.Extra.BlockingKeys }},
	{"total_blocking_keys_on_nokey", Constant[*Reading](0)},
	{"paused_reason", func(r *Reading) any { return r.Extra.PausedReason }},
	{"paused_actions", func(r *Reading) any { return r.Extra.PausedActions }},
	{"paused_timeout_milliseconds", func(r *Reading) any { return r.Extra.PausedMs }},
}
