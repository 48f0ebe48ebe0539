package engine_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"valkey/configs"
	"valkey/server/engine/enginetest"
)

const (
	evictKeys  = 4000
	evictValue = 200
)

// fill makes a server with keys k0…, each second one of which has a deadline: the higher its number, the later.
func fill(t *testing.T) *enginetest.Server {
	s := enginetest.New(t, families...)
	value := strings.Repeat("v", evictValue)
	for i := range evictKeys {
		args := []string{"SET", "k" + strconv.Itoa(i), value}
		if i%2 == 1 {
			args = append(args, "EX", strconv.Itoa(1000+i))
		}
		s.Do(args...)
	}
	return s
}

// squeeze takes a share of the memory for data away, and gives the server time to evict that much.
func squeeze(s *enginetest.Server, percent uint64) {
	s.Config.Maxmemory = s.Engine.UsedMemory() - uint64(s.Store.Used())*percent/100
	for range evictKeys {
		s.Do("PING")
		s.Advance(time.Millisecond)
	}
}

// left counts the keys with numbers from lo to hi that are still there, and with a deadline or without.
func left(s *enginetest.Server, lo, hi int) (volatile, lasting int) {
	db := s.Store.DB(0)
	for i := lo; i < hi; i++ {
		key := []byte("k" + strconv.Itoa(i))
		switch {
		case !db.Find(key, s.Store.Hash(key)).Exists():
		case i%2 == 1:
			volatile++
		default:
			lasting++
		}
	}
	return volatile, lasting
}

func TestEvictionKeepsMemoryBelowTheLimit(t *testing.T) {
	for policy := range configs.PolicyNoEviction + 1 {
		t.Run(policy.String(), func(t *testing.T) {
			s := fill(t)
			setPolicy(s, policy)
			squeeze(s, 10)
			volatile, lasting := left(s, 0, evictKeys)
			reply := s.Do("SET", "new", "v")
			if policy == configs.PolicyNoEviction {
				if !strings.HasPrefix(reply, "(error) OOM") || volatile+lasting != evictKeys {
					t.Errorf("SET replies %s, %d keys are left", reply, volatile+lasting)
				}
				return
			}
			if s.Engine.UsedMemory() > s.Config.Maxmemory || reply != "OK" {
				t.Errorf("%d bytes used of %d, SET replies %s", s.Engine.UsedMemory(), s.Config.Maxmemory, reply)
			}
			if volatile+lasting < evictKeys/2 {
				t.Errorf("only %d keys are left", volatile+lasting)
			}
			if strings.HasPrefix(policy.String(), "volatile-") && lasting != evictKeys/2 {
				t.Errorf("only %d keys without a deadline are left", lasting)
			}
			if got := s.Engine.Stats.EvictedKeys; got < uint64(evictKeys-volatile-lasting) {
				t.Errorf("%d keys are counted as evicted", got)
			}
		})
	}
}

func setPolicy(s *enginetest.Server, policy configs.MaxmemoryPolicy) {
	s.Config.MaxmemoryPolicy = policy
	s.Engine.SetAging()
}

// TestEvictionPrefersColdKeys compares what is left of keys that are used and of those that are not.
func TestEvictionPrefersColdKeys(t *testing.T) {
	const hot = evictKeys / 4
	for _, policy := range []configs.MaxmemoryPolicy{configs.PolicyAllkeysLRU, configs.PolicyAllkeysLFU} {
		t.Run(policy.String(), func(t *testing.T) {
			s := fill(t)
			setPolicy(s, policy)
			for range 10 {
				s.Advance(10 * time.Second)
				for i := range hot {
					s.Do("GET", "k"+strconv.Itoa(i))
				}
			}
			squeeze(s, 40)
			volatile, lasting := left(s, 0, hot)
			coldVolatile, coldLasting := left(s, hot, evictKeys)
			if volatile+lasting < hot*98/100 || coldVolatile+coldLasting > (evictKeys-hot)*2/3 {
				t.Errorf("%d of %d used keys are left, and %d of %d others", volatile+lasting, hot,
					coldVolatile+coldLasting, evictKeys-hot)
			}
		})
	}
}

func TestEvictionByDeadline(t *testing.T) {
	s := fill(t)
	setPolicy(s, configs.PolicyVolatileTTL)
	squeeze(s, 20)
	soon, _ := left(s, 0, evictKeys/3)
	late, _ := left(s, evictKeys*2/3, evictKeys)
	if late < evictKeys/6*98/100 || soon > late/4 {
		t.Errorf("%d keys that expire soon are left, and %d that expire late", soon, late)
	}
}

// TestEvictionInSlices: without tenacity a command evicts one batch, is let through, and the rest goes between
// commands.
func TestEvictionInSlices(t *testing.T) {
	s := fill(t)
	setPolicy(s, configs.PolicyAllkeysRandom)
	s.Config.MaxmemoryEvictionTenacity = 0
	s.Config.Maxmemory = s.Engine.UsedMemory() - uint64(s.Store.Used())/2
	if reply := s.Do("SET", "new", "v"); reply != "OK" || s.Engine.UsedMemory() < s.Config.Maxmemory {
		t.Fatalf("SET replies %s, with %d bytes used of %d", reply, s.Engine.UsedMemory(), s.Config.Maxmemory)
	}
	for range evictKeys {
		s.Advance(time.Millisecond)
	}
	if used := s.Engine.UsedMemory(); used > s.Config.Maxmemory {
		t.Errorf("%d bytes used of %d", used, s.Config.Maxmemory)
	}
}
