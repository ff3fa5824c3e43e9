package main_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// TestTheHelpDeskMisbehavesAsAFileSays runs it as a process and steers it as its
// documentation says.
func TestTheHelpDeskMisbehavesAsAFileSays(t *testing.T) {
	faults := writeFile(t, "rules:\n  - { on: [ticket-search], nth: [2], fault: close, done: all }\n")
	url := startDesk(t, "helpdesk", "--mode", "otobo", "--demo-tickets", "--password", password, "--faults", faults)
	control := url[:strings.Index(url, "/otobo/")] + "/_control"

	search := func() (string, error) {
		return ask(t, http.MethodPost, url+"/Webservice/OpenTicketAI/ticket-search", `{"UserLogin":"open_ticket_ai","Password":"`+password+`","Limit":3}`)
	}
	if got, err := search(); err != nil || !strings.Contains(got, `"TicketID"`) {
		t.Errorf("the first search: %s, %v", got, err)
	}
	if got, err := search(); err == nil {
		t.Errorf("the second search was answered: %s", got)
	}

	var state struct {
		Tickets int
		Rules   []struct{ Seen, Fired int }
	}
	got, err := ask(t, http.MethodGet, control, "")
	if err == nil {
		err = json.Unmarshal([]byte(got), &state)
	}
	if err != nil || state.Tickets != 30 || len(state.Rules) != 1 || state.Rules[0].Seen != 2 || state.Rules[0].Fired != 1 {
		t.Errorf("the state: %s, %v", got, err)
	}
	if got, err := ask(t, http.MethodPut, control+"/faults", `{"rules":[{"fault":"status","status":503}]}`); err != nil {
		t.Errorf("new faults: %s, %v", got, err)
	}
	if got, err := search(); err != nil || got != "503 Service Unavailable" {
		t.Errorf("with a rule for every request: %s, %v", got, err)
	}
	if got, err := ask(t, http.MethodPut, control+"/faults", `{"rules":[{"fault":"explode"}]}`); err != nil || !strings.Contains(got, "rules[0].fault") {
		t.Errorf("wrong faults: %s, %v", got, err)
	}
}

var deskAddress = regexp.MustCompile(`http://\S+nph-genericinterface\.pl`)

// startDesk runs a help desk as a process of its own and returns its address.
func startDesk(t *testing.T, args ...string) string {
	t.Helper()
	p := start(t, environment(t), args...)
	eventually(t, "the help desk prints its address", func() bool { return deskAddress.MatchString(p.log.String()) })
	return deskAddress.FindString(p.log.String())
}

// ask returns the body of an answer; without one, the status.
func ask(t *testing.T, method, url, body string) (string, error) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if response.StatusCode >= 500 {
		return response.Status, err
	}
	return string(bytes.TrimSpace(content)), err
}
