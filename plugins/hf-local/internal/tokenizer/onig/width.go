package onig

func empty(n *node) bool {
	lo, _ := width(n)
	return lo == 0
}

// maxWidth bounds a look-around.
const maxWidth = 1000

// width returns how many characters a part has, hi being -1 for any number.
func width(n *node) (lo, hi int) {
	switch n.kind {
	case oneOf:
		return 1, 1
	case sequence, atomic:
		for _, part := range n.parts {
			l, h := width(part)
			lo, hi = lo+l, plus(hi, h)
		}
		return min(lo, maxWidth), hi
	case alternatives:
		for i, part := range n.parts {
			l, h := width(part)
			if i == 0 || l < lo {
				lo = l
			}
			if hi >= 0 {
				hi = max(hi, h)
			}
			if h < 0 {
				hi = -1
			}
		}
		return lo, hi
	case repetition:
		l, h := width(n.parts[0])
		if n.max < 0 || h < 0 || n.max > maxWidth {
			return min(l*n.min, maxWidth), -1
		}
		return min(l*n.min, maxWidth), plus(h*n.max, 0)
	}
	return 0, 0
}

func plus(a, b int) int {
	if a < 0 || b < 0 || a+b > maxWidth {
		return -1
	}
	return a + b
}

// nested reports whether a repetition contains another one, other than of one character.
func nested(n *node, within bool) bool {
	if n.kind == repetition && (n.max < 0 || n.max > 1) && n.parts[0].kind != oneOf {
		if within {
			return true
		}
		within = true
	} else if n.kind == repetition && within {
		return true
	}
	for _, part := range n.parts {
		if nested(part, within) {
			return true
		}
	}
	return false
}

// begins returns the characters that a part can begin with, and whether it may
// match without one.
func begins(n *node) (set, bool) {
	switch n.kind {
	case oneOf:
		return n.set, false
	case sequence, atomic:
		var all set
		for _, part := range n.parts {
			s, empty := begins(part)
			all = union(all, s)
			if !empty {
				return all, false
			}
		}
		return all, true
	case alternatives:
		var all set
		oneEmpty := false
		for _, part := range n.parts {
			s, empty := begins(part)
			all, oneEmpty = union(all, s), oneEmpty || empty
		}
		return all, oneEmpty
	case repetition:
		if n.max == 0 {
			return nil, true
		}
		s, empty := begins(n.parts[0])
		return s, empty || n.min == 0
	}
	return nil, true
}
