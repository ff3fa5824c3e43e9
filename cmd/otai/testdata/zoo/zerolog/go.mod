module example.com/zoo-zerolog

go 1.25.0

require (
	github.com/open-ticket-ai/otai/pkg/api v1.0.0
	github.com/rs/zerolog v1.34.0
)

require (
	github.com/mattn/go-colorable v0.1.13 // indirect
	github.com/mattn/go-isatty v0.0.19 // indirect
	golang.org/x/sys v0.12.0 // indirect
)

replace github.com/open-ticket-ai/otai/pkg/api => ../../../../../pkg/api
