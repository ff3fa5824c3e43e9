package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	assets "github.com/open-ticket-ai/otai/examples/demo"
	"github.com/open-ticket-ai/otai/internal/app"
	"github.com/open-ticket-ai/otai/internal/config"
	"github.com/open-ticket-ai/otai/internal/files"
	"github.com/open-ticket-ai/otai/internal/helpdesk"
	"github.com/open-ticket-ai/otai/internal/helpdesk/chaos"
)

// HelpdeskOptions are the options of the built-in help desk.
type HelpdeskOptions struct {
	Listen      string
	Mode        string // "znuny" or "otobo"
	Password    string
	Hosts       []string // names by which clients call it, beside addresses and localhost
	Insecure    bool     // serve other machines though everybody knows the password
	DemoTickets bool     // fill it with the demonstration's tickets
	JSON        bool     // print the first line as JSON
	Faults      string   // file that says how it misbehaves, YAML or JSON; "" for not at all
}

// helpdeskStart is what the help desk says with --json when it answers.
type helpdeskStart struct {
	BaseURL string `json:"base_url"`
	Page    string `json:"page"`
	Control string `json:"control"`
	Mode    string `json:"mode"`
	Login   string `json:"login"`
}

// HelpdeskLogin is the agent as whom otai works in the built-in help desk.
const HelpdeskLogin = "open_ticket_ai"

// HelpdeskPassword is that agent's, unless the caller gives another.
const HelpdeskPassword = helpdesk.DefaultPassword

// Helpdesk runs the built-in help desk until ctx ends. Its address is the first
// line on standard output, so that a script can wait for it.
func Helpdesk(ctx context.Context, s app.Settings, o HelpdeskOptions) error {
	mode, err := helpdeskMode(o.Mode)
	if err != nil {
		return app.ExitWith(app.CodeUsage, err)
	}
	if o.Password == "" {
		// The help desk would take its default for it, and not say so.
		return app.ExitWith(app.CodeUsage, errors.New("the agent's password is empty; give one with --password"))
	}
	hosts := o.Hosts
	host, _, err := net.SplitHostPort(o.Listen)
	if err != nil {
		return app.ExitWith(app.CodeUsage, fmt.Errorf("--listen %s: write HOST:PORT, such as 127.0.0.1:8080", o.Listen))
	}
	if address := net.ParseIP(host); address == nil && host != "" {
		hosts = append(hosts, host)
	} else if err := o.private(address); err != nil {
		return app.ExitWith(app.CodeUsage, err)
	}
	server := helpdesk.New(helpdesk.Options{Mode: mode, Login: HelpdeskLogin, Password: o.Password, Hosts: hosts, Logger: slog.New(slog.DiscardHandler)})
	if o.Faults != "" {
		if err := misbehave(ctx, s, server, o.Faults); err != nil {
			return app.ExitWith(app.CodeUsage, err)
		}
	}
	if o.DemoTickets {
		tickets, err := readTickets()
		if err != nil {
			return app.ExitWith(app.CodeRun, err)
		}
		fill(server, tickets)
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", o.Listen)
	if err != nil {
		return app.ExitWith(app.CodeRun, fmt.Errorf("the help desk can't listen: %w; name another address with --listen", err))
	}
	if address, ok := listener.Addr().(*net.TCPAddr); ok { // of a name it is known only now; nothing was answered yet
		if err := o.private(address.IP); err != nil {
			listener.Close()
			return app.ExitWith(app.CodeUsage, err)
		}
	}
	url := "http://" + listener.Addr().String()
	first := url + server.BasePath()
	if o.JSON {
		line, err := json.Marshal(helpdeskStart{
			BaseURL: first, Page: url + "/", Control: url + helpdesk.ControlPath, Mode: string(mode), Login: HelpdeskLogin,
		})
		if err != nil {
			return app.ExitWith(app.CodeRun, err)
		}
		first = string(line)
	}
	if _, err := fmt.Fprintln(s.Stdout, first); err != nil {
		listener.Close()
		return app.ExitWith(app.CodeRun, err)
	}
	fmt.Fprintf(s.Stderr, "The help desk answers. Tickets: %s/   Login: %s   Password: %s   Ctrl-C ends it.\n", url, HelpdeskLogin, o.Password)
	return app.ExitWith(app.CodeRun, server.Serve(ctx, listener))
}

// shortestPassword is for a help desk that other machines can reach.
const shortestPassword = 8

// guessedFirst are passwords that are long enough and tried before all others.
var guessedFirst = []string{"password", "passwort", "12345678", "123456789", "changeme", "open_ticket_ai"}

// private refuses to serve other machines with the password that the documentation
// prints, or with one that is soon guessed. A nil address stands for all of them.
func (o HelpdeskOptions) private(address net.IP) error {
	why := ""
	switch {
	case o.Insecure || address.IsLoopback():
	case o.Password == helpdesk.DefaultPassword:
		why = "everybody knows the password " + helpdesk.DefaultPassword
	case utf8.RuneCountInString(o.Password) < shortestPassword:
		why = fmt.Sprintf("the password has fewer than %d characters", shortestPassword)
	case slices.Contains(guessedFirst, strings.ToLower(o.Password)):
		why = "the password is one that is guessed first"
	}
	if why == "" {
		return nil
	}
	return fmt.Errorf("--listen %s is open to other machines, and %s: give another one with --password, listen on 127.0.0.1, or add --insecure", o.Listen, why)
}

// misbehave reads the faults from a file of YAML, of which JSON is a part.
func misbehave(ctx context.Context, s app.Settings, server *helpdesk.Server, file string) error {
	data, err := files.Named(ctx, s.Abs(file), config.MaxBytes)
	if err != nil {
		return app.NotRead("the help desk's faults", file, err)
	}
	var plain any
	if err := yaml.Unmarshal(data, &plain); err != nil {
		return fmt.Errorf("the help desk's faults: %s: %w", file, err)
	}
	inJSON, err := json.Marshal(plain)
	if err != nil {
		return fmt.Errorf("the help desk's faults: %s: %w", file, err)
	}
	faults, err := chaos.ReadFaults(bytes.NewReader(inJSON))
	if err == nil {
		err = server.SetFaults(faults)
	}
	if err != nil {
		return fmt.Errorf("the help desk's faults: %s: %w", file, err)
	}
	return nil
}

func helpdeskMode(name string) (helpdesk.Mode, error) {
	switch mode := helpdesk.Mode(name); mode {
	case helpdesk.ModeZnuny, helpdesk.ModeOTOBO:
		return mode, nil
	default:
		return "", fmt.Errorf("the help desk's mode %q is neither znuny nor otobo", name)
	}
}

// exampleTicket is a ticket of the demonstration with what a person would do.
type exampleTicket struct {
	Subject  string `json:"subject"`
	Body     string `json:"body"`
	From     string `json:"from"`
	Expected struct {
		Queue    string `json:"queue"`
		Priority string `json:"priority"`
	} `json:"expected"`
}

func readTickets() ([]exampleTicket, error) {
	data, err := assets.Files.ReadFile("tickets.json")
	if err != nil {
		return nil, err
	}
	var tickets []exampleTicket
	if err := json.Unmarshal(data, &tickets); err != nil {
		return nil, fmt.Errorf("the demonstration's tickets: %w", err)
	}
	return tickets, nil
}

const (
	incoming = "Incoming"
	fallback = "Unclassified"
)

// fill makes the queues that the tickets belong in and puts all of them into
// the incoming one. It returns the tickets' ids.
func fill(server *helpdesk.Server, tickets []exampleTicket) []int64 {
	server.AddQueue(incoming, fallback)
	ids := make([]int64, len(tickets))
	for _, t := range tickets {
		server.AddQueue(t.Expected.Queue)
	}
	for i, t := range tickets {
		ids[i] = server.AddTicket(helpdesk.NewTicket{Title: t.Subject, Body: t.Body, From: t.From, Queue: incoming})
	}
	return ids
}
