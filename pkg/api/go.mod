module github.com/open-ticket-ai/otai/pkg/api

go 1.25.0
