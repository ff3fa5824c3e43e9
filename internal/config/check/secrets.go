package check

import (
	"strings"

	"github.com/open-ticket-ai/otai/internal/config"
	"github.com/open-ticket-ai/otai/internal/config/secretname"
	"github.com/open-ticket-ai/otai/internal/config/source"
	"github.com/open-ticket-ai/otai/pkg/params"
)

// shortSecret warns of a secret in the configuration.
func (k *checker) shortSecret(value string, path params.Path) {
	if message, hint := config.ShortSecret(value); message != "" && !k.isUnknown(path) && k.written(path).Equal(path) {
		k.warn(k.at(path), path, "short-secret", hint, "%s", message)
	}
}

// shortVariables warns of secrets that plugins read from the environment, such as
// OTAI_OTOBO_ZNUNY_PASSWORD. Those with two underscores are values of the
// configuration.
func (k *checker) shortVariables() {
	for _, name := range k.reading.Variables {
		if !strings.HasPrefix(name, "OTAI_") || strings.Contains(name, "__") || strings.HasPrefix(name, "OTAI_SIGN_") || !secretname.Is(name) {
			continue
		}
		value, _ := k.doc.Variable(name)
		if message, hint := config.ShortSecret(value); message != "" {
			k.doc.LearnSecret(value)
			k.warn(source.Position{File: name}, nil, "short-secret", hint, "%s", message)
		}
	}
}
