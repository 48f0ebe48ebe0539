package debug

import (
	"strconv"
	"time"

	"valkey/server/engine"
)

// reload saves the data set and loads it back.
func reload(c *engine.Call) error {
	r := engine.Reload{Save: true, Flush: true}
	for i := 2; i < len(c.Argv); i++ {
		switch {
		case c.Is(i, "merge"):
			r.Merge = true
		case c.Is(i, "noflush"):
			r.Flush = false
		case c.Is(i, "nosave"):
			r.Save = false
		default:
			return engine.ErrReloadOption
		}
	}
	if err := c.Host.Reload(r); err != nil {
		return err
	}
	c.Reply.OK()
	return nil
}

// loadLog loads the append-only file, which must not hear of that.
func loadLog(c *engine.Call) error {
	c.NoEffect()
	if err := c.Host.LoadLog(); err != nil {
		return err
	}
	c.Reply.OK()
	return nil
}

func slowLog(c *engine.Call) error {
	us, err := strconv.Atoi(string(c.Argv[2]))
	if err != nil {
		us = 0 // as what is no number always is
	}
	c.Host.SlowLog(min(max(time.Duration(us)*time.Microsecond, 0), sleepMax*time.Second))
	c.Reply.OK()
	return nil
}
