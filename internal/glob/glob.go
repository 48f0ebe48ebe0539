// Package glob matches bytes against the patterns of KEYS, SCAN, PSUBSCRIBE, CONFIG GET and ACL rules.
//
//   - any run of bytes, also none
//     ?       any one byte
//     [abc]   one of these; [a-z] a range, [^a] anything else; a class without its ] ends with the pattern
//     \x      x itself, also inside a class
//
// The answers are Valkey's in every corner, also the odd ones: an empty text matches only an empty pattern, not "*"; in
// a class, an escaped byte is compared with its case even by [MatchFold]; range ends compare as signed bytes.
//
// A match costs at most len(pattern) × len(s) steps, one stack frame and no allocation, whatever the pattern: a failed
// tail retries from the latest star alone, since what an earlier star could offer is a subset of that.
package glob

// starsMax is how many stars a match may pass through; beyond it the answer is no. Valkey has the same limit, and
// clients can see it.
const starsMax = 1000

// Match reports whether s matches pattern whole.
func Match(pattern, s []byte) bool { return match(pattern, s, false) }

// MatchFold is Match with ASCII letters of either case taken as equal.
func MatchFold(pattern, s []byte) bool { return match(pattern, s, true) }

func match(pattern, s []byte, fold bool) bool {
	if len(s) == 0 {
		return len(pattern) == 0
	}
	// The place to retry from: the pattern after the latest star, and the first byte it has not been tried on.
	var retryPattern, retryText []byte
	stars := 0
	for len(s) > 0 {
		if len(pattern) > 0 && pattern[0] == '*' {
			pattern = skipStars(pattern)
			if len(pattern) == 0 {
				return true
			}
			if stars++; stars > starsMax {
				return false
			}
			retryPattern, retryText = pattern, s
			continue
		}
		if rest, ok := matchOne(pattern, s[0], fold); ok {
			pattern, s = rest, s[1:]
			if len(s) > 0 || len(skipStars(pattern)) == 0 {
				continue
			}
		}
		// A tail that does not fit here may fit one byte later, if a star stands before it.
		if stars == 0 || len(retryText) <= 1 {
			return false
		}
		retryText = retryText[1:]
		pattern, s = retryPattern, retryText
	}
	return true
}

func skipStars(pattern []byte) []byte {
	for len(pattern) > 0 && pattern[0] == '*' {
		pattern = pattern[1:]
	}
	return pattern
}

// matchOne matches the first element of the pattern, never a star, with c and returns the pattern after it.
func matchOne(pattern []byte, c byte, fold bool) (rest []byte, ok bool) {
	if len(pattern) == 0 {
		return nil, false
	}
	switch pattern[0] {
	case '?':
		return pattern[1:], true
	case '[':
		return matchClass(pattern[1:], c, fold)
	case '\\':
		if len(pattern) >= 2 {
			pattern = pattern[1:]
		}
	}
	return pattern[1:], same(pattern[0], c, fold)
}

// matchClass matches c with the class whose "[" stands just before the pattern.
func matchClass(pattern []byte, c byte, fold bool) (rest []byte, ok bool) {
	negated := len(pattern) > 0 && pattern[0] == '^'
	if negated {
		pattern = pattern[1:]
	}
	found := false
	for len(pattern) > 0 && pattern[0] != ']' {
		switch {
		case pattern[0] == '\\' && len(pattern) >= 2:
			found = found || pattern[1] == c
			pattern = pattern[2:]
		case len(pattern) >= 3 && pattern[1] == '-':
			found = found || inRange(pattern[0], pattern[2], c, fold)
			pattern = pattern[3:]
		default:
			found = found || same(pattern[0], c, fold)
			pattern = pattern[1:]
		}
	}
	if len(pattern) > 0 {
		pattern = pattern[1:]
	}
	return pattern, found != negated
}

func same(a, b byte, fold bool) bool {
	return a == b || fold && lower(a) == lower(b)
}

// inRange swaps the ends before it folds them, as Valkey does: the two orders differ for a range such as Z-a.
func inRange(from, to, c byte, fold bool) bool {
	if int8(from) > int8(to) {
		from, to = to, from
	}
	if fold {
		from, to, c = lower(from), lower(to), lower(c)
	}
	return int8(from) <= int8(c) && int8(c) <= int8(to)
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + ('a' - 'A')
	}
	return c
}
