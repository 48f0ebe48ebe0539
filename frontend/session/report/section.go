package report

import "bytes"

// Section is a heading and what stands below it.
type Section struct {
	Name, Title string
	Alias       string
	Usage       Usage
	Rows        func(b []byte) []byte // nil for none
}

// Usage says when a section is shown.
type Usage int

// The usages.
const (
	ByDefault Usage = iota
	InAll           // also when all or everything is asked for
	ByName          // only when its name is
)

// Write writes the sections that were asked for, each once, in their order.
func Write(sections []Section, names [][]byte) []byte {
	asked, all := map[string]bool{"default": len(names) == 0}, false
	for _, n := range names {
		name := string(bytes.ToLower(n))
		asked[name] = true
		all = all || name == "all" || name == "everything"
	}
	var b []byte
	for _, s := range sections {
		switch {
		case asked[s.Name], s.Alias != "" && asked[s.Alias]:
		case all && s.Usage != ByName, asked["default"] && s.Usage == ByDefault:
		default:
			continue
		}
		if len(b) > 0 {
			b = append(b, "\r\n"...)
		}
		b = append(b, "# "+s.Title+"\r\n"...)
		if s.Rows != nil {
			b = s.Rows(b)
		}
	}
	return b
}
