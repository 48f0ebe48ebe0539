// Package info is INFO: tables of fields, one row a field, section by section. A row names the field and says where
// its value comes from; how it is written follows from the type of the value.
//
// To add a field, add a row. Names, order and formats are Valkey's: monitoring systems parse them. What does not
// exist in this server is shown with the value that Valkey shows when it is not in use. Start reading at sections.
package info

import "valkey/server/engine"

// Commands lists the family.
var Commands = []engine.Command{Info}
