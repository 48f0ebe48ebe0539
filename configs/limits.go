package configs

// Limits of what is read, so that no file or argument list can make the start grow without bound.
const (
	fileBytesMax    = 4 << 20  // of one file, and of standard input
	includeDepthMax = 16       // files within files
	includeFilesMax = 1024     // files in all
	addressesMax    = 16       // of bind
	backlogMin      = 16 << 10 // bytes of repl-backlog-size
	hashSeedMax     = 256      // bytes of hash-seed
	hostNameMax     = 255      // bytes of cluster-announce-hostname
	ipTextMax       = 45       // bytes of cluster-announce-ip
)
