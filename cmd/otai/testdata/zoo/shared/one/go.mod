module example.com/zoo-shared-one

go 1.25.0

require (
	example.com/shared v1.0.0
	github.com/open-ticket-ai/otai/pkg/api v1.0.0
)

replace (
	example.com/shared => ../v1.0.0
	github.com/open-ticket-ai/otai/pkg/api => ../../../../../../pkg/api
)
