module github.com/open-ticket-ai/otai/pkg/params

go 1.25.0

require github.com/open-ticket-ai/otai/pkg/api v1.0.0

replace github.com/open-ticket-ai/otai/pkg/api => ../api
