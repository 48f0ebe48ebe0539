package configs

import (
	"flag"
	"os"
	"strings"
	"testing"

	"valkey/internal/vfs"
)

var update = flag.Bool("update", false, "write valkey.conf anew from the table")

const sampleHead = `# The configuration of valkey-server, with every directive at its default.
#
# A line is a directive and its value, in quotes where it holds spaces: "a \"b\"\n" knows escapes, 'a' does not. What
# comes later wins; arguments of the program come last. Sizes may be written 1k (1000 bytes), 1kb (1024), 1m, 1mb, 1g,
# 1gb. A "#" begins a comment, at the beginning of a line only.
#
# include /etc/valkey/other.conf     reads another file here; with * ? [ ] all files that match, in order
# rename-command FLUSHALL ""         takes a command away, or gives it another name
# user alice on >secret ~app:* +@all defines a user
#
# This file is written from the table of directives; a test keeps the two equal.
`

// sample writes valkey.conf from the table.
func sample() string {
	var b strings.Builder
	b.WriteString(sampleHead)
	title := ""
	s := Defaults()
	for _, d := range Directives() {
		if d.Has(Hidden) {
			continue
		}
		if d.Topic != title {
			title = d.Topic
			b.WriteString("\n" + strings.Repeat("#", 40) + "\n# " + title + "\n")
		}
		b.WriteString("\n" + comment(d.Doc))
		if words := choices(d); words != "" {
			b.WriteString(comment("One of: " + words + "."))
		}
		if d.Has(Own) {
			b.WriteString(comment("Not known to Valkey, which refuses a file that has it."))
		}
		if d.Inert != "" {
			b.WriteString(comment("No effect here: " + d.Inert + "."))
		}
		lines := d.kind.lines(d.field(&s))
		for _, l := range lines {
			b.WriteString(mute(d) + d.Name + " " + l.text + "\n")
		}
		if len(lines) == 0 {
			b.WriteString("# " + strings.TrimSpace(d.Name+" "+d.Default()) + "\n")
		}
	}
	return b.String()
}

// mute comments out what must not be set where it does not have to be.
func mute(d *Directive) string {
	if d.Name == "dir" || d.Has(Own) {
		return "# "
	}
	return ""
}

// choices gives the words of an enum.
func choices(d *Directive) string {
	var s Server
	err := d.set(&s, []string{"no such word"})
	if err == nil {
		return ""
	}
	_, words, _ := strings.Cut(err.Error(), "one of the following: ")
	return words
}

// comment wraps a text to 100 columns of comment lines.
func comment(text string) string {
	var b strings.Builder
	line := "#"
	for word := range strings.FieldsSeq(text) {
		if len(line)+1+len(word) > 100 {
			b.WriteString(line + "\n")
			line = "#"
		}
		line += " " + word
	}
	return b.String() + line + "\n"
}

// TestSample keeps the sample file and the table equal, both ways: the file is what the table gives, and loading it
// changes nothing.
func TestSample(t *testing.T) {
	want := sample()
	if *update {
		if err := os.WriteFile("valkey.conf", []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile("valkey.conf")
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Error("valkey.conf is not what the table says; run: go test ./configs -run TestSample -update")
	}

	fsys := vfs.NewMem()
	put(t, fsys, "valkey.conf", want)
	c, err := Load(Source{FS: fsys, Dir: "/", Args: []string{"valkey.conf"}})
	if err != nil {
		t.Fatal(err)
	}
	defaults := New().Get("*")
	for i, s := range c.Get("*") {
		if s != defaults[i] {
			t.Errorf("loading the sample makes %q of %q", s, defaults[i])
		}
	}
	for _, d := range Directives() {
		mentioned := strings.Contains(want, "\n"+d.Name+" ") || strings.Contains(want, "\n# "+d.Name)
		if mentioned == d.Has(Hidden) {
			t.Errorf("%s: hidden %v, in the sample %v", d.Name, d.Has(Hidden), mentioned)
		}
	}
}
