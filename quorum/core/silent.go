package core

import "fmt"

// silent keeps raft's own log quiet: what matters of it is in events. Its panics are promises that this code broke.
type silent struct{}

func (silent) Debug(...any)            {}
func (silent) Debugf(string, ...any)   {}
func (silent) Info(...any)             {}
func (silent) Infof(string, ...any)    {}
func (silent) Warning(...any)          {}
func (silent) Warningf(string, ...any) {}
func (silent) Error(...any)            {}
func (silent) Errorf(string, ...any)   {}

func (silent) Fatal(v ...any)                 { panic("BUG: raft: " + fmt.Sprint(v...)) }
func (silent) Fatalf(format string, v ...any) { panic("BUG: raft: " + fmt.Sprintf(format, v...)) }
func (silent) Panic(v ...any)                 { panic("BUG: raft: " + fmt.Sprint(v...)) }
func (silent) Panicf(format string, v ...any) { panic("BUG: raft: " + fmt.Sprintf(format, v...)) }
