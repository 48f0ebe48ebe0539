// Package persistence holds the commands that save the data set: SAVE, BGSAVE, LASTSAVE. The shell does the work.
package persistence
