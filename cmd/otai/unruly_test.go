package main_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// unrulySource is a plugin whose pipe, service and ticket system do what a file in the folder UNRULY
// says, by their params' name: they wait for ever, whatever their context says, take their time, or
// fail. Without a file they do nothing.
const unrulySource = `package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
)

const version = "1.0.0"

type params struct {
	Name string ` + "`otai:\"name,required\" doc:\"The file that says what to do.\"`" + `
}

func (p params) do() error {
	content, _ := os.ReadFile(filepath.Join(os.Getenv("UNRULY"), p.Name))
	words := strings.Fields(string(content))
	if len(words) == 0 {
		return nil
	}
	switch words[0] {
	case "block":
		select {}
	case "hold": // until it says something else
		for {
			if again, _ := os.ReadFile(filepath.Join(os.Getenv("UNRULY"), p.Name)); string(again) != string(content) {
				return nil
			}
			time.Sleep(5 * time.Millisecond)
		}
	case "sleep":
		d, err := time.ParseDuration(words[1])
		time.Sleep(d)
		return err
	case "temporary":
		return fmt.Errorf("not now: %w", api.ErrTemporary)
	case "wrong":
		return &api.FieldError{Field: "name", Err: fmt.Errorf("nothing has this name: %w", api.ErrInvalid)}
	}
	return nil
}

func (p params) say() {
	if f, err := os.OpenFile(filepath.Join(os.Getenv("UNRULY"), "said"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600); err == nil {
		fmt.Fprintln(f, p.Name, version, os.Getpid())
		f.Close()
	}
}

type service struct{ params }

func (s service) Start(context.Context) error { s.say(); return s.do() }

type system struct{ params }

func (s system) FindTickets(context.Context, api.SearchCriteria) ([]api.Ticket, error) { return nil, s.do() }
func (s system) GetTicket(context.Context, string) (api.Ticket, error)              { return api.Ticket{}, s.do() }
func (s system) UpdateTicket(context.Context, string, api.TicketUpdate) error       { return s.do() }
func (s system) AddNote(context.Context, string, api.Note) error                    { return s.do() }

type starter interface{ Start(context.Context) error }

type needs struct {
	On starter ` + "`inject:\"on\" doc:\"What it needs.\"`" + `
}

func CreatePlugin(api.AppConfig) api.Plugin {
	return api.NewPlugin(api.Metadata{Name: "otai-unruly", Version: version, API: ">=1.0.0 <2", Description: "Does as a file says."},
		api.NewService("S", "Starts as it says.", func(p params, _ api.Host) (service, error) { return service{p}, nil }),
		api.NewService("T", "Searches as it says.", func(p params, _ api.Host) (system, error) { return system{p}, nil }),
		api.NewPipeFunc("Needs", "Needs a service.", func(context.Context, needs, api.Scope) (api.PipeResult, error) { return api.Success(nil), nil }),
		api.NewPipeFunc("P", "Works as it says.", func(_ context.Context, p params, _ api.Scope) (api.PipeResult, error) {
			p.say()
			if content, _ := os.ReadFile(filepath.Join(os.Getenv("UNRULY"), p.Name)); string(content) == "not due" {
				return api.Failure("it is not due"), nil
			}
			if err := p.do(); err != nil {
				return api.PipeResult{}, err
			}
			return api.Success(nil), nil
		}))
}

func main() {}
`

// unruly is a folder of plugins with that one and the usual ones, and the folder whose files it heeds.
type unruly struct{ plugins, folder string }

func newUnruly(t *testing.T) unruly {
	t.Helper()
	u := unruly{plugins: t.TempDir(), folder: t.TempDir()}
	u.build(t, unrulySource)
	for _, file := range []string{"otai_otobo_znuny.so", "otai_hf_local.so"} {
		if err := os.Symlink(filepath.Join(product.plugins, file), filepath.Join(u.plugins, file)); err != nil {
			t.Fatal(err)
		}
	}
	return u
}

// build puts the plugin there, whole.
func (u unruly) build(t *testing.T, source string) {
	t.Helper()
	file := filepath.Join(u.plugins, "otai_unruly.so")
	buildPlugin(t, writeModule(t, "otai-unruly", source), file+".new")
	if err := os.Rename(file+".new", file); err != nil {
		t.Fatal(err)
	}
}

func (u unruly) environment() []string {
	return []string{"OTAI_PLUGIN_DIR=" + u.plugins, "UNRULY=" + u.folder}
}

// does says what those of a name do from now on.
func (u unruly) does(t *testing.T, name, what string) {
	t.Helper()
	put(t, filepath.Join(u.folder, name), what)
}

// said are the lines that it left: a name, its version, the process.
func (u unruly) said() string {
	content, _ := os.ReadFile(filepath.Join(u.folder, "said"))
	return string(content)
}

// socketClient asks the otai that works on a state folder, without a process for each question.
type socketClient struct{ http.Client }

func socketOf(env []string) *socketClient {
	path := filepath.Join(stateOf(env), "otai.sock")
	return &socketClient{http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", path)
	}}}}
}

func (c *socketClient) get(path string) (status int, content []byte, err error) {
	response, err := c.Get("http://otai" + path)
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close()
	content, err = io.ReadAll(response.Body)
	return response.StatusCode, content, err
}

// ready is what /readyz says; false where nobody answers.
func (c *socketClient) ready() bool {
	status, _, err := c.get("/readyz")
	return err == nil && status == http.StatusOK
}

// health is what `otai status` shows.
type healthAnswer struct {
	Ready bool
	Parts []statusPart
}

func (c *socketClient) health() (a healthAnswer, err error) {
	_, content, err := c.get("/status")
	if err == nil {
		err = json.Unmarshal(content, &a)
	}
	return a, err
}

// part is the one of that kind and name; its zero value where there is none.
func (a healthAnswer) part(kind, name string) statusPart {
	for _, p := range a.Parts {
		if p.Kind == kind && (p.Name == name || kind == "worker" || kind == "store" || kind == "configuration") {
			return p
		}
	}
	return statusPart{}
}

// blocking are those that keep it from being ready.
func (a healthAnswer) blocking() string {
	var list []string
	for _, p := range a.Parts {
		if p.Blocks {
			list = append(list, fmt.Sprintf("%s %s %s: %s", p.Kind, p.Name, p.State, p.Why))
		}
	}
	return strings.Join(list, "; ")
}
