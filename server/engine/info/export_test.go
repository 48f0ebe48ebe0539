package info

import "valkey/frontend/session/report"

// Exported for tests that need an engine.
var (
	Titles     = titles
	Equal      = equal
	WantTitles = func(all bool) []string {
		return wantTitles(func(s report.Section) bool {
			return s.Usage == report.ByDefault || all && s.Usage == report.InAll
		})
	}
)
