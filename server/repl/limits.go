package repl

const (
	// blockMin and blockMax bound the size of a block: a sixteenth of the backlog, so that trimming block by block
	// stays near repl-backlog-size, but enough for one write call to be worth it.
	blockMin = 16 << 10
	blockMax = 64 << 10

	// blockOverhead is what a block costs beside its bytes.
	blockOverhead = 64

	// sparesMax is how many trimmed blocks are kept for what is appended next.
	sparesMax = 4

	// trimMax is how many blocks one call trims: a backlog that a slow reader has held for long
	// goes bit by bit.
	trimMax = 512
)
