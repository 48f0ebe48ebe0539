package configs

import (
	"fmt"
	"reflect"
	"strings"
	"sync"
)

// Flag says how a directive may be used.
type Flag uint

// The flags of a directive.
const (
	Immutable   Flag = 1 << iota // set at the start only
	Sensitive                    // its value never shows up in logs
	Hidden                       // no pattern of CONFIG GET finds it, only its name
	Protected                    // CONFIG SET needs enable-protected-configs
	DenyLoading                  // CONFIG SET is refused while data is loading
	MultiArg                     // its value is a list of words
	Debug                        // shown in the crash report
	Own                          // not known to Valkey: no pattern of CONFIG GET finds it, only its name
	Volatile                     // setting it to the same value still takes effect: what it names may have changed
)

// Directive is one row of the table: everything there is to know about one directive.
type Directive struct {
	Name    string
	Alias   string // an older name, equal in every use
	Flags   Flag
	Doc     string // one line or two for the sample file
	Inert   string // why it has no effect here although it is accepted and kept; empty if it has one
	Pending string // the feature without which it has no effect yet; empty if it has one
	Topic   string // the heading it stands under

	kind  kind
	index int // of its field in Server
}

// topic is a heading and the rows under it. A pending feature of the topic is that of every row.
type topic struct {
	title   string
	pending string
	rows    []Directive
}

// table is all rows, in order, and the way from every name to its row.
type table struct {
	rows   []*Directive
	byName map[string]*Directive // both names, lower case
}

// loadTable gives the one table, which never changes.
var loadTable = sync.OnceValue(func() *table {
	t := &table{byName: map[string]*Directive{}}
	server := reflect.TypeFor[Server]()
	for _, topic := range topics() {
		for i := range topic.rows {
			d := &topic.rows[i]
			d.Topic = topic.title
			if d.Inert == "" && d.Pending == "" {
				d.Pending = topic.pending
			}
			field, ok := server.FieldByName(fieldName(d.Name))
			if !ok {
				panic(fmt.Sprintf("BUG: configs: no field %s for %s", fieldName(d.Name), d.Name))
			}
			d.index = field.Index[0]
			t.add(d.Name, d)
			if d.Alias != "" {
				t.add(d.Alias, d)
			}
			t.rows = append(t.rows, d)
		}
	}
	return t
})

func (t *table) add(name string, d *Directive) {
	if t.byName[name] != nil {
		panic("BUG: configs: two directives are called " + name)
	}
	t.byName[name] = d
}

// fieldName is the name of a directive's field in Server.
func fieldName(name string) string {
	var b strings.Builder
	for word := range strings.SplitSeq(name, "-") {
		b.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	return b.String()
}

// Directives gives all rows in the order of the sample file. They are not to be changed.
func Directives() []*Directive { return loadTable().rows }

// Lookup finds a directive by either of its names, in any case.
func Lookup(name string) (*Directive, bool) {
	d, ok := loadTable().byName[strings.ToLower(name)]
	return d, ok
}

// Has reports whether all of the flags are set.
func (d *Directive) Has(flags Flag) bool { return d.Flags&flags == flags }

// Default is the value that CONFIG GET shows if nothing sets another.
func (d *Directive) Default() string {
	var s Server
	d.kind.reset(d.field(&s))
	return d.get(&s)
}

// field gives a pointer to the directive's field.
func (d *Directive) field(s *Server) any {
	return reflect.ValueOf(s).Elem().Field(d.index).Addr().Interface()
}

func (d *Directive) set(s *Server, args []string) error { return d.kind.set(d.field(s), args) }

func (d *Directive) get(s *Server) string { return d.kind.get(d.field(s)) }

// Defaults gives a Server with every directive at its default. Its Dir is the root.
func Defaults() Server {
	var s Server
	for _, d := range Directives() {
		d.kind.reset(d.field(&s))
	}
	return s
}

// Ineffective gives the directives that were set to something, although setting them has no effect here: the server
// tells its operator about them at the start.
func (s *Server) Ineffective() []*Directive {
	var all []*Directive
	for _, d := range Directives() {
		if (d.Inert != "" || d.Pending != "") && d.get(s) != d.Default() {
			all = append(all, d)
		}
	}
	return all
}
