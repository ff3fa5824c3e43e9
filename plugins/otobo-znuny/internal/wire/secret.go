package wire

// secret is a text that no verb of fmt and no log shows, even within a struct whose
// fields fmt reads past all methods: there it is an address. The zero secret is
// empty.
type secret struct{ text *string }

func newSecret(s string) secret { return secret{&s} }

func (s secret) reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// String hides it from a verb of its own.
func (secret) String() string { return "***" }
