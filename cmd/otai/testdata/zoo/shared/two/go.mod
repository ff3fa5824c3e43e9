module example.com/zoo-shared-two

go 1.25.0

require (
	example.com/shared v1.1.0
	github.com/open-ticket-ai/otai/pkg/api v1.0.0
)

replace (
	example.com/shared => ../v1.1.0
	github.com/open-ticket-ai/otai/pkg/api => ../../../../../../pkg/api
)
