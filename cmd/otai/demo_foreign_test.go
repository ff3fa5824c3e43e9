package main_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/open-ticket-ai/otai/internal/helpdesk"
)

// What is set on a machine for the real help desk must not reach the demonstration: it
// would move that desk's tickets.
func TestTheDemonstrationNeverCallsAnotherHelpDesk(t *testing.T) {
	server := helpdesk.New(helpdesk.Options{Password: password})
	server.AddQueue("Incoming", "IT", "Unclassified")
	for range 5 {
		server.AddTicket(helpdesk.NewTicket{Title: "Printer", Body: "It does not print.", From: "a@example.com", Queue: "Incoming"})
	}
	var requests atomic.Int64
	desk := server.Handler()
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		desk.ServeHTTP(w, r)
	}))
	t.Cleanup(web.Close)
	url := web.URL + "/znuny/nph-genericinterface.pl"

	real := "services:\n  otobo_znuny:\n    use: otobo-znuny:OTOBOZnunyTicketSystemService\n    params: { base_url: \"" + url + "\", password: " + password + " }\n" + oneStep
	configured := writeFile(t, real)
	variables := []string{
		"OTAI_CONFIG=" + configured,
		"OTAI_OTOBO_BASE_URL=" + url, "OTAI_OTOBO_URL=" + url, "OTAI_OTOBO_PASSWORD=" + password,
		"OTAI_DEMO_URL=" + url, "OTAI_DEMO_PASSWORD=" + password,
		"HTTP_PROXY=" + web.URL, "http_proxy=" + web.URL, "HTTPS_PROXY=" + web.URL, "ALL_PROXY=" + web.URL,
		"HF_ENDPOINT=" + web.URL, "HF_TOKEN=hf_none", "HF_HUB_OFFLINE=0",
	}
	for _, prefix := range []string{"OTAI__", "otai__", "CFG__", "OPEN_TICKET_AI__"} {
		variables = append(variables,
			prefix+"SERVICES__OTOBO_ZNUNY__PARAMS__BASE_URL="+url,
			prefix+"SERVICES__OTOBO_ZNUNY__PARAMS__PASSWORD="+password,
			prefix+"SERVICES__HF_LOCAL__PARAMS__API_TOKEN=hf_none",
			prefix+"PLUGIN_DIRS=[\"/nonexistent\"]",
		)
	}
	dir := t.TempDir()
	dotEnv := "OTAI__SERVICES__OTOBO_ZNUNY__PARAMS__BASE_URL=" + url + "\nOTAI_DEMO_URL=" + url + "\n"
	for name, text := range map[string]string{".env": dotEnv, "config.yml": real, "otai.yml": real} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	checkDemo(t, dir, environment(t, variables...))
	if n := requests.Load(); n != 0 {
		t.Errorf("the other help desk had %d requests, want none", n)
	}
}
