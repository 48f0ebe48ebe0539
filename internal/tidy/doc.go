// Package tidy holds the repository's manners as tests: which package may know which, how long files and functions
// may grow, what must be documented, and that the documents tell the truth.
//
// A rule is a function from a tree of files to findings. It works on syntax alone, needs no outside tool and is
// itself tested on a small made-up tree. Start at repo_test.go, which runs every rule on this repository; tree.go
// loads the files; floors.go holds the table of packages. An exception to a size goes to ratchet.txt, which may
// only shrink; there are no exceptions to the rest.
package tidy
