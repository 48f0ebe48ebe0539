package info

// Exported for tests that need an engine.
var (
	Titles     = titles
	Equal      = equal
	WantTitles = func(all bool) []string {
		return wantTitles(func(s section) bool { return s.usage == byDefault || all && s.usage == inAll })
	}
)
