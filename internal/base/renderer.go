package base

import (
	"github.com/open-ticket-ai/otai/internal/jinja"
	"github.com/open-ticket-ai/otai/pkg/api"
)

type rendererParams struct{}

func newJinjaRenderer(_ rendererParams, h api.Host) (*jinja.Renderer, error) {
	return jinja.New(jinja.Options{Env: h.Env}), nil
}
