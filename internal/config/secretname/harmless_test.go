package secretname

import "testing"

func TestNoHarmlessKeyIsNamedLikeASecret(t *testing.T) {
	for key := range harmless {
		if Is(key) || misspelled(key) {
			t.Errorf("%s is listed as harmless and named like a secret", key)
		}
	}
}
