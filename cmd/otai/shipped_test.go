package main_test

import (
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/open-ticket-ai/otai/internal/helpdesk"
)

// shipped is a configuration that people copy.
type shipped struct {
	name, text string
	file       string // "" for one on a page, which people save where they are
	note       string // subject of its note, "" where it changes nothing
}

// shippedConfigurations are all that search for tickets: the examples, and those on
// the pages.
func shippedConfigurations(t *testing.T) []shipped {
	t.Helper()
	var list []shipped
	add := func(name, file, text string) {
		if !strings.Contains(text, "FetchTicketsPipe") || !strings.Contains(text, "services:") {
			return
		}
		s := shipped{name: name, file: file, text: text}
		if strings.Contains(text, "notes:") && strings.Contains(text, "UpdateTicketPipe") {
			for _, subject := range []string{"Sorted by otai", "Automatic classification", "Sorted"} {
				if s.note == "" && strings.Contains(text, `subject: "`+subject+`"`) {
					s.note = subject
				}
			}
			if s.note == "" {
				t.Errorf("%s: nobody knows the subject of its note", name)
			}
		}
		list = append(list, s)
	}
	for _, pattern := range []string{"examples/*.yml", "examples/*/*.yml"} {
		files, err := filepath.Glob(filepath.Join(product.root, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			name, _ := filepath.Rel(product.root, file)
			add(name, file, string(data))
		}
	}
	for _, pattern := range []string{"README.md", "docs/*.md", "plugins/*/README.md"} {
		pages, err := filepath.Glob(filepath.Join(product.root, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, page := range pages {
			name, _ := filepath.Rel(product.root, page)
			for _, b := range blocks(t, page) {
				if b.language == "yaml" {
					add(name, "", strings.Replace(b.text, "https://desk.example.org/otobo/nph-genericinterface.pl", "${OTOBO_URL}", 1))
				}
			}
		}
	}
	if changing := slices.DeleteFunc(slices.Clone(list), func(s shipped) bool { return s.note == "" }); len(changing) < 5 || len(list) < 10 {
		t.Fatalf("%d configurations that search, %d that change tickets: some are not found", len(list), len(changing))
	}
	return list
}

// moves reports whether it moves tickets.
func (s shipped) moves() bool {
	return strings.Contains(s.text, "UpdateTicketPipe") || strings.Contains(s.text, "DecisionPipe") && strings.Contains(s.text, "apply_from:")
}

// begin returns how to run otai with the configuration: an example's where it lies,
// a page's in a folder with the examples, as a checkout is one.
func (s shipped) begin(t *testing.T, url, secret string) (otai func(args ...string) (string, error)) {
	t.Helper()
	dir := t.TempDir()
	if err := os.Symlink(filepath.Join(product.root, "examples"), filepath.Join(dir, "examples")); err != nil {
		t.Fatal(err)
	}
	file := s.file
	if file == "" {
		file = "config.yml"
		if err := os.WriteFile(filepath.Join(dir, file), []byte(s.text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	env := append(environment(t, "OTOBO_URL="+url, "OTAI_DEMO_URL="+url, "OTAI_DEMO_PASSWORD="+secret,
		"OTAI_DEMO_MODELS="+filepath.Join(product.root, "examples", "demo", "models")), "OTAI_OTOBO_ZNUNY_PASSWORD="+secret)
	return func(args ...string) (string, error) {
		cmd := newCommandContext(t.Context(), product.otai, append(args, "-c", file)...)
		cmd.Dir, cmd.Env = dir, env
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
}

// TestEveryShippedConfigurationLeavesClosedMergedAndLockedTicketsAlone, which lie
// in the queue before all others, and gives no validator anything to warn of.
func TestEveryShippedConfigurationLeavesClosedMergedAndLockedTicketsAlone(t *testing.T) {
	for n, s := range shippedConfigurations(t) {
		t.Run(s.name, func(t *testing.T) {
			if s.file == "" {
				oneIn(t, 2, n) // TestDocumentation validates all
			}
			t.Parallel()
			server := helpdesk.New(helpdesk.Options{Password: password})
			web := httptest.NewServer(server.Handler())
			defer web.Close()
			server.AddQueue("IT", "Misc", "Unclassified", "IT::Accounts", "IT::Hardware", "IT::Network", "IT::Software", "HR", "Facilities")
			add := func(title, state, lock string) int64 {
				return server.AddTicket(helpdesk.NewTicket{Title: title, Body: "Der VPN-Zugang bricht ab.", State: state, Lock: lock, From: "customer@example.com"})
			}
			alone := []int64{add("closed", "closed successful", ""), add("merged", "merged", ""), add("on a date", "pending reminder", ""), add("locked", "open", "lock")}
			open := []int64{add("new", "new", ""), add("open", "open", "")}

			otai := s.begin(t, web.URL+"/znuny/nph-genericinterface.pl", password)
			if out, err := otai("validate"); err != nil || strings.Contains(out, "without a trigger") || strings.Contains(out, "names no states") || strings.Contains(out, "without a pause") {
				t.Errorf("%v:\n%s", err, out)
			}
			if out, err := otai("run", "--until-empty"); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			for _, id := range alone {
				if got, _ := server.Ticket(id); got.Queue != "Incoming" || internal(got) != 0 || got.Priority != "3 normal" {
					t.Errorf("the %s ticket is in %s with the priority %s and %d notes", got.Title, got.Queue, got.Priority, internal(got))
				}
			}
			for _, id := range open {
				got, _ := server.Ticket(id)
				if moved := got.Queue != "Incoming"; moved != s.moves() || s.note != "" && internal(got) != 1 {
					t.Errorf("the %s ticket is in %s with %d notes", got.Title, got.Queue, internal(got))
				}
			}
		})
	}
}
