package wire

// secret is a text that neither fmt nor a log prints, not even within a struct whose
// unexported fields fmt prints without calling methods: there it is an address. The
// zero secret is empty.
type secret struct{ text *string }

func newSecret(s string) secret { return secret{&s} }

func (s secret) reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// String hides the text.
func (secret) String() string { return "***" }
