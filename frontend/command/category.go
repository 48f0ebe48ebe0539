package command

import "math/bits"

// A Category is a set of access-control categories. The order of the bits is the order of ACL CAT.
type Category uint32

// The categories.
const (
	CategoryKeyspace Category = 1 << iota
	CategoryRead
	CategoryWrite
	CategorySet
	CategorySortedSet
	CategoryList
	CategoryHash
	CategoryString
	CategoryBitmap
	CategoryHyperloglog
	CategoryGeo
	CategoryStream
	CategoryPubsub
	CategoryAdmin
	CategoryFast
	CategorySlow
	CategoryBlocking
	CategoryDangerous
	CategoryConnection
	CategoryTransaction
	CategoryScripting
	categoryEnd
)

var categoryNames = []string{
	"keyspace", "read", "write", "set", "sortedset", "list", "hash", "string", "bitmap", "hyperloglog", "geo", "stream",
	"pubsub", "admin", "fast", "slow", "blocking", "dangerous", "connection", "transaction", "scripting",
}

// topics are the categories that a group can imply.
const topics = CategoryKeyspace | CategorySet | CategorySortedSet | CategoryList | CategoryHash | CategoryString |
	CategoryBitmap | CategoryHyperloglog | CategoryGeo | CategoryStream | CategoryConnection | CategoryTransaction |
	CategoryScripting

// CategoryNames lists the wire names of all categories, without the @, in the order of ACL CAT.
func CategoryNames() []string { return append([]string(nil), categoryNames...) }

// CategoryByName finds a category by its wire name without the @, in any case; zero if there is none.
func CategoryByName(name []byte) Category {
	for i, n := range categoryNames {
		if equalFold(name, n) {
			return 1 << i
		}
	}
	return 0
}

// String is the wire name of a single category, without the @.
func (c Category) String() string {
	if i := bits.TrailingZeros32(uint32(c)); i < len(categoryNames) && c == 1<<i {
		return categoryNames[i]
	}
	return ""
}

// deriveCategories adds to a spec's extras what its group and flags imply. A container runs nothing itself, so its
// group implies no topic.
func deriveCategories(s *Spec, container bool) Category {
	c := s.Categories
	if c&topics == 0 && !container {
		c |= groups[s.Group].topic
	}
	for _, implied := range [...]struct {
		flag Flag
		cat  Category
	}{
		{Write, CategoryWrite},
		{Admin, CategoryAdmin | CategoryDangerous},
		{Pubsub, CategoryPubsub},
		{Blocking, CategoryBlocking},
	} {
		if s.Flags.Has(implied.flag) {
			c |= implied.cat
		}
	}
	// A read-only script still runs arbitrary commands: it is no read.
	if s.Flags.Has(Readonly) && c&CategoryScripting == 0 {
		c |= CategoryRead
	}
	if s.Flags.Has(Fast) {
		return c | CategoryFast
	}
	return c | CategorySlow
}
