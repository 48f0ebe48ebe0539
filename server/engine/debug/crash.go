package debug

import (
	"fmt"
	"syscall"

	"valkey/internal/glob"
	"valkey/server/engine"
)

func crashByPanic(c *engine.Call) error {
	panic(fmt.Sprintf("DEBUG PANIC called at Unix time %d", c.NowMs()/1000))
}

func crashByAssertion(*engine.Call) error { panic("BUG: DEBUG ASSERT called") }

func crashByMemory(*engine.Call) error { panic("DEBUG OOM called: out of memory") }

// crashBySignal writes to a page that may only be read: the signal ends the process, as the runtime takes it for a bug.
func crashBySignal(*engine.Call) error {
	page, err := syscall.Mmap(-1, 0, syscall.Getpagesize(), syscall.PROT_READ, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		return engine.Errorf("%s", err)
	}
	page[0] = 'x'
	return nil
}

// leak copies the text to pages that the collector does not know.
func leak(c *engine.Call) error {
	if text := c.Argv[2]; len(text) > 0 {
		lost, err := syscall.Mmap(-1, 0, len(text), syscall.PROT_READ|syscall.PROT_WRITE,
			syscall.MAP_ANON|syscall.MAP_PRIVATE)
		if err != nil {
			return engine.Errorf("%s", err)
		}
		copy(lost, text)
	}
	c.Reply.OK()
	return nil
}

// The size of STRINGMATCH-TEST: enough to meet every construct of a pattern in every place of it.
const (
	matchRounds = 100_000
	matchLenMax = 32
)

func matchTest(c *engine.Call) error {
	const alphabet = `ab*?[]^-\`
	random := func() []byte {
		b := make([]byte, c.Rand.IntN(matchLenMax))
		for i := range b {
			b[i] = alphabet[c.Rand.IntN(len(alphabet))]
		}
		return b
	}
	for range matchRounds {
		glob.Match(random(), random())
	}
	c.Reply.Simple("No pattern did harm: test passed")
	return nil
}
