package compat

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"valkey/testenv"
)

// format writes a reply as lines of text that tell every kind apart. Nested elements are indented; the elements of a
// set come sorted, because they have no order.
func format(v any) string {
	return strings.Join(lines(v), "\n")
}

func lines(v any) []string {
	switch v := v.(type) {
	case []any:
		return block("array", hasNested(v), each(v))
	case testenv.Set:
		items := each(v)
		slices.SortFunc(items, func(a, b []string) int { return slices.Compare(a, b) })
		return block("set", hasNested(v), items)
	case testenv.Push:
		return block("push", hasNested(v), each(v))
	case testenv.Map:
		return block("map", hasNested(v), pairs(v))
	case testenv.Attributed:
		return append(block("attributes", hasNested(v.Attributes), pairs(v.Attributes)), lines(v.Reply)...)
	}
	return []string{scalar(v)}
}

// scalar writes a reply that is not made of others.
func scalar(v any) string {
	switch v := v.(type) {
	case testenv.Simple:
		return string(v)
	case testenv.Error:
		return "(error) " + string(v)
	case int64:
		return "(integer) " + strconv.FormatInt(v, 10)
	case string:
		return strconv.Quote(v)
	case testenv.Null:
		return map[testenv.Null]string{"$-1": "(nil)", "*-1": "(nil array)", "_": "(null)"}[v]
	case testenv.Double:
		return "(double) " + string(v)
	case testenv.Verbatim:
		return "(verbatim) " + strconv.Quote(string(v))
	case testenv.BigNumber:
		return "(big) " + string(v)
	case bool:
		return fmt.Sprintf("(%t)", v)
	}
	return fmt.Sprintf("(unknown) %v", v)
}

// flatMax is the longest block that is written on one line.
const flatMax = 110

// hasNested tells whether an element is made of others.
func hasNested(items []any) bool {
	return slices.ContainsFunc(items, func(v any) bool {
		switch v.(type) {
		case []any, testenv.Set, testenv.Push, testenv.Map, testenv.Attributed:
			return true
		}
		return false
	})
}

// block writes a header and its items: on one line when they are scalars and short, indented below it otherwise.
func block(name string, nested bool, items [][]string) []string {
	if len(items) == 0 {
		return []string{name + ": (empty)"}
	}
	words := []string{name + ":"}
	for _, it := range items {
		words = append(words, it[0])
	}
	flat := strings.Join(words, " ")
	if !nested && len(flat) <= flatMax {
		return []string{flat}
	}
	out := []string{fmt.Sprintf("%s of %d:", name, len(items))}
	for _, it := range items {
		for _, l := range it {
			out = append(out, "  "+l)
		}
	}
	return out
}

func each(items []any) [][]string {
	out := make([][]string, len(items))
	for i, it := range items {
		out[i] = lines(it)
	}
	return out
}

// pairs joins each key with its value.
func pairs(m testenv.Map) [][]string {
	var out [][]string
	for i := 0; i+1 < len(m); i += 2 {
		v := lines(m[i+1])
		v[0] = strings.Join(lines(m[i]), " ") + " => " + v[0]
		out = append(out, v)
	}
	return out
}

// kind names the kind of a reply.
func kind(v any) string {
	switch v := v.(type) {
	case testenv.Simple:
		return "status"
	case testenv.Error:
		code, _, _ := strings.Cut(string(v), " ")
		return "error " + code
	case int64:
		return "integer"
	case string:
		return "bulk"
	case testenv.Double:
		return "double"
	case testenv.Verbatim:
		return "verbatim"
	case testenv.BigNumber:
		return "big"
	case bool:
		return "boolean"
	case []any:
		return "array"
	case testenv.Set:
		return "set"
	case testenv.Push:
		return "push"
	case testenv.Map:
		return "map"
	}
	return scalar(v)
}

// shape writes structure without values: kinds, the keys of maps, and each distinct shape of a list's elements once.
func shape(v any) string { return strings.Join(shapeLines(v), "\n") }

func shapeLines(v any) []string {
	var items []any
	switch v := v.(type) {
	case testenv.Map:
		var items [][]string
		for i := 0; i+1 < len(v); i += 2 {
			s := shapeLines(v[i+1])
			items = append(items, append([]string{scalar(v[i]) + " => " + s[0]}, s[1:]...))
		}
		slices.SortFunc(items, func(a, b []string) int { return slices.Compare(a, b) })
		return block("map", hasNested(v), items)
	case []any:
		items = v
	case testenv.Set:
		items = v
	case testenv.Push:
		items = v
	default:
		return []string{kind(v)}
	}
	return block(kind(v), hasNested(items), shapes(items))
}

// shapes are the shapes of elements, with runs of the same one collapsed.
func shapes(items []any) (out [][]string) {
	for _, it := range items {
		s := shapeLines(it)
		if len(out) == 0 || !slices.Equal(out[len(out)-1], s) {
			out = append(out, s)
		}
	}
	return out
}

// sorted orders the elements of an array by their text; a nested array, as SCAN's, is ordered inside.
func sorted(v any) any {
	items, ok := v.([]any)
	if !ok {
		return v
	}
	out := slices.Clone(items)
	for i, it := range out {
		out[i] = sorted(it)
	}
	slices.SortFunc(out, func(a, b any) int { return strings.Compare(format(a), format(b)) })
	return out
}

// keys lists the keys of a map with its kind.
func keys(v any) string {
	var items []any
	switch v := v.(type) {
	case testenv.Map:
		items = v
	case []any:
		items = v
	}
	out := []string{kind(v) + " with:"}
	for i := 0; i+1 < len(items); i += 2 {
		out = append(out, compact(items[i]))
	}
	return strings.Join(out, " ")
}

// flat writes a reply compactly: the parts of the outer two levels on a line each, what is inside them on that line.
func flat(v any) string {
	return strings.Join(flatLines(v, 2), "\n")
}

func flatLines(v any, levels int) []string {
	var items []any
	switch v := v.(type) {
	case []any:
		items = v
	case testenv.Set:
		items = v
	}
	if m, ok := v.(testenv.Map); ok && levels > 0 {
		var out []string
		for i := 0; i+1 < len(m); i += 2 {
			sub := flatLines(m[i+1], levels-1)
			if len(sub) == 1 {
				out = append(out, compact(m[i])+": "+sub[0])
				continue
			}
			out = append(out, compact(m[i])+":")
			for _, l := range sub {
				out = append(out, "  "+l)
			}
		}
		return out
	}
	if levels == 0 || !hasNested(items) {
		return []string{compact(v)}
	}
	out := []string{kind(v) + ":"}
	for _, it := range items {
		for _, l := range flatLines(it, levels-1) {
			out = append(out, "  "+l)
		}
	}
	return out
}

// compact writes a reply on one line: [array], <set in order>, {map}; words that need no quotes have none.
func compact(v any) string {
	join := func(open string, items []any, closing string, order bool) string {
		out := make([]string, len(items))
		for i, it := range items {
			out[i] = compact(it)
		}
		if order {
			slices.Sort(out)
		}
		return open + strings.Join(out, " ") + closing
	}
	switch v := v.(type) {
	case []any:
		return join("[", v, "]", false)
	case testenv.Set:
		return join("<", v, ">", true)
	case testenv.Push:
		return join("push[", v, "]", false)
	case testenv.Map:
		out := make([]string, 0, len(v)/2)
		for i := 0; i+1 < len(v); i += 2 {
			out = append(out, compact(v[i])+": "+compact(v[i+1]))
		}
		return "{" + strings.Join(out, ", ") + "}"
	case string:
		if plain(v) {
			return v
		}
	case testenv.Simple:
		return "+" + string(v)
	case int64:
		return strconv.FormatInt(v, 10)
	}
	return scalar(v)
}

// plain tells a word that needs no quotes in compact.
func plain(s string) bool {
	special := func(c rune) bool { return c <= ' ' || c > '~' || strings.ContainsRune(`[]<>{}:,"`, c) }
	return s != "" && !strings.ContainsFunc(s, special)
}

// proseKeys are the keys of COMMAND INFO and COMMAND DOCS whose values are sentences.
var proseKeys = []string{"summary", "complexity", "notes", "replaced_by"}

// withoutProse replaces sentences by their kind; versions of the history stay.
func withoutProse(v any) any {
	switch v := v.(type) {
	case testenv.Map:
		out := make(testenv.Map, len(v))
		for i := 0; i+1 < len(v); i += 2 {
			key, _ := v[i].(string)
			out[i], out[i+1] = v[i], withoutProse(v[i+1])
			switch {
			case slices.Contains(proseKeys, key):
				out[i+1] = kind(v[i+1])
			case key == "history":
				out[i+1] = versions(v[i+1])
			}
		}
		return out
	case testenv.Set:
		return testenv.Set(eachWithoutProse(v))
	case []any:
		return eachWithoutProse(v)
	}
	return v
}

func eachWithoutProse(items []any) []any {
	out := make([]any, len(items))
	for i, it := range items {
		out[i] = withoutProse(it)
	}
	return out
}

// versions keeps the first of each pair of a history.
func versions(v any) any {
	list := func(items []any) []any {
		out := make([]any, len(items))
		for i, it := range items {
			out[i] = it
			if pair, ok := it.([]any); ok && len(pair) == 2 {
				out[i] = []any{pair[0], kind(pair[1])}
			}
		}
		return out
	}
	switch v := v.(type) {
	case []any:
		return list(v)
	case testenv.Set:
		return testenv.Set(list(v))
	}
	return v
}
