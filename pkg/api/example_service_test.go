package api_test

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// chatParams is all that a configuration may say of the service.
type chatParams struct {
	Channel string `otai:"channel,required" doc:"Where messages go."`
	Token   string `otai:"token,secret" doc:"Not given: CHAT_TOKEN."`
}

// Validate checks what tags can't say, offline.
func (p *chatParams) Validate() error {
	if p.Channel[0] != '#' {
		return &api.FieldError{Field: "channel", Err: errors.New("must begin with #")}
	}
	return nil
}

// chat is built once for each id in the configuration and used by many goroutines.
type chat struct {
	channel string
	open    bool
}

// newChat is quick and silent: what needs a network is left to Start.
func newChat(p chatParams, h api.Host) (*chat, error) {
	if p.Token == "" {
		p.Token, _ = h.Env("CHAT_TOKEN")
	}
	if p.Token == "" {
		return nil, fmt.Errorf("set CHAT_TOKEN, or token in the params: %w", api.ErrDenied)
	}
	return &chat{channel: p.Channel}, nil
}

func (c *chat) Start(context.Context) error       { c.open = true; return nil }
func (c *chat) CheckHealth(context.Context) error { return nil }
func (c *chat) Close() error                      { c.open = false; return nil }

func (c *chat) Send(_ context.Context, text string) error {
	fmt.Println(c.channel, text)
	return nil
}

// A service lasts and is shared. What it needs beyond its params, it finds by the
// optional interfaces Starter, HealthChecker and io.Closer.
func ExampleNewService() {
	service := api.NewService("WebhookChat", "A chat that takes messages.", newChat)

	// What follows is the host's part.
	host := api.NewHost(api.HostOptions{Env: func(name string) (string, bool) { return "secret", name == "CHAT_TOKEN" }})
	built, err := service.BuildService(&chatParams{Channel: "#desk"}, host)
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	fmt.Println("started:", built.(api.Starter).Start(ctx) == nil)
	fmt.Println("healthy:", built.(api.HealthChecker).CheckHealth(ctx) == nil)
	_ = built.(*chat).Send(ctx, "a ticket came in")
	fmt.Println("closed:", built.(io.Closer).Close() == nil)
	// Output:
	// started: true
	// healthy: true
	// #desk a ticket came in
	// closed: true
}

// A params struct, or any struct in it, says by Validate what its tags can't.
func ExampleValidator() {
	err := (&chatParams{Channel: "desk"}).Validate()
	var field *api.FieldError
	fmt.Println(errors.As(err, &field), field.Field)
	fmt.Println(err)
	// Output:
	// true channel
	// channel: must begin with #
}
