package normalizers

// byteCharacters are the characters that stand for bytes in the vocabularies of
// byte-level models: printable ones are themselves, the others U+0100 and on.
var byteCharacters = func() (all [256]string) {
	next := rune(256)
	for b := range rune(256) {
		if '!' <= b && b <= '~' || 0xA1 <= b && b <= 0xAC || 0xAE <= b {
			all[b] = string(b)
			continue
		}
		all[b] = string(next)
		next++
	}
	return all
}()

// appendByteLevel appends the characters that stand for the bytes of text.
func appendByteLevel(out []byte, text string) []byte {
	for i := range len(text) {
		out = append(out, byteCharacters[text[i]]...)
	}
	return out
}

// ByteLevel returns the characters that stand for the bytes of text.
func ByteLevel(text string) string {
	return string(appendByteLevel(make([]byte, 0, 2*len(text)), text))
}
