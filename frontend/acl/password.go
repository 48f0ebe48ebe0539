package acl

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"strings"
)

// passwordHash is the SHA-256 of a password. A password itself is never kept.
type passwordHash [sha256.Size]byte

func (h passwordHash) String() string { return hex.EncodeToString(h[:]) }

// hashOf reads the password behind > or <, or the hash behind # or !.
func hashOf(rule string) (h passwordHash, err error) {
	rest := rule[1:]
	if rule[0] == '>' || rule[0] == '<' {
		return sha256.Sum256([]byte(rest)), nil
	}
	if len(rest) != hex.EncodedLen(len(h)) || strings.ToLower(rest) != rest {
		return h, ErrHash
	}
	if _, err := hex.Decode(h[:], []byte(rest)); err != nil {
		return h, ErrHash
	}
	return h, nil
}

// matches compares a password with all of the user's, in a time that does not tell how far they agree.
func (u *User) matches(password []byte) bool {
	h := sha256.Sum256(password)
	found := 0
	for i := range u.passwords {
		found |= subtle.ConstantTimeCompare(h[:], u.passwords[i][:])
	}
	return found == 1
}
