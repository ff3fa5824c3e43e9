module github.com/open-ticket-ai/otai/plugins/otobo-znuny

go 1.25.0

require (
	github.com/cenkalti/backoff/v5 v5.0.3
	github.com/open-ticket-ai/otai/pkg/api v1.0.0
	github.com/open-ticket-ai/otai/pkg/params v1.0.0
	github.com/sony/gobreaker/v2 v2.4.0
	go.uber.org/goleak v1.3.0
	golang.org/x/time v0.15.0
)

replace github.com/open-ticket-ai/otai/pkg/api => ../../pkg/api

replace github.com/open-ticket-ai/otai/pkg/params => ../../pkg/params
