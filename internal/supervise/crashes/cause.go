package crashes

// IsCause reports whether a line is the one with which Go's runtime begins its report of a
// crash.
func IsCause(line string) bool { return isReason(line) }
