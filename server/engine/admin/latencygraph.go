package admin

import (
	"fmt"
	"slices"
	"strings"

	"valkey/server/metrics"
)

// The graph: graphRows rows of graphColumns samples. A column is filled up to its level with bars, and ends in one
// of the marks, so a row tells len(graphMarks) levels apart.
const (
	graphColumns = 80
	graphRows    = 4
	graphMarks   = "_o#"
)

// drawLatency draws an event's samples, oldest first, above labels that say how long ago each was.
func drawLatency(event string, s *metrics.LatencySeries, nowUnix int64) string {
	byMs := func(a, b metrics.LatencySample) int { return int(a.Ms - b.Ms) }
	low, high := slices.MinFunc(s.Samples, byMs).Ms, slices.MaxFunc(s.Samples, byMs).Ms
	var b strings.Builder
	fmt.Fprintf(&b, "%s - high %d ms, low %d ms (all time high %d ms)\n", event, high, low, s.MaxMs)
	b.WriteString(strings.Repeat("-", graphColumns) + "\n")
	first := true
	for part := range slices.Chunk(s.Samples, graphColumns) {
		if !first {
			b.WriteByte('\n')
		}
		first = false
		drawBars(&b, part, low, max(high-low, 1))
		drawLabels(&b, part, nowUnix)
	}
	return b.String()
}

func drawBars(b *strings.Builder, samples []metrics.LatencySample, low, span int64) {
	const levels = int64(graphRows * len(graphMarks))
	for row := range graphRows {
		below := (graphRows - row - 1) * len(graphMarks)
		for _, s := range samples {
			level := int(min((s.Ms-low)*levels/span, levels-1)) - below
			switch {
			case level < 0:
				b.WriteByte(' ')
			case level < len(graphMarks):
				b.WriteByte(graphMarks[level])
			default:
				b.WriteByte('|')
			}
		}
		b.WriteByte('\n')
	}
}

// drawLabels writes the ages downwards, a blank row above them.
func drawLabels(b *strings.Builder, samples []metrics.LatencySample, nowUnix int64) {
	labels, depth := make([]string, len(samples)), 0
	for i, s := range samples {
		labels[i] = age(nowUnix - s.Unix)
		depth = max(depth, len(labels[i]))
	}
	b.WriteString(strings.Repeat(" ", len(samples)) + "\n")
	for row := range depth {
		for _, l := range labels {
			if row < len(l) {
				b.WriteByte(l[row])
			} else {
				b.WriteByte(' ')
			}
		}
		b.WriteByte('\n')
	}
}

// age is a number of seconds in the largest unit that fits.
func age(seconds int64) string {
	switch {
	case seconds < 60:
		return fmt.Sprintf("%ds", seconds)
	case seconds < 3600:
		return fmt.Sprintf("%dm", seconds/60)
	case seconds < 24*3600:
		return fmt.Sprintf("%dh", seconds/3600)
	}
	return fmt.Sprintf("%dd", seconds/(24*3600))
}
