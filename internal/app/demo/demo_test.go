package demo

import (
	"strings"
	"testing"

	"github.com/open-ticket-ai/otai/internal/app"
	"github.com/open-ticket-ai/otai/internal/config"
)

func TestTheDemonstrationEndsBeforeItCallsAnotherAddressThanItsOwn(t *testing.T) {
	const own = "http://127.0.0.1:1/desk"
	with := func(services ...map[string]any) *config.Document {
		d := &config.Document{}
		for _, params := range services {
			d.Services = append(d.Services, config.Service{Params: params})
		}
		return d
	}
	for name, test := range map[string]struct {
		document *config.Document
		want     string
	}{
		"its own":             {with(map[string]any{"base_url": own}, map[string]any{}), ""},
		"another":             {with(map[string]any{"base_url": "http://desk.example/"}), "instead of its own"},
		"another beside":      {with(map[string]any{"base_url": own}, map[string]any{"base_url": own + "/2"}), "instead of its own"},
		"none":                {with(map[string]any{}), "names no help desk"},
		"no text":             {with(map[string]any{"base_url": 1}), "instead of its own"},
		"a template, unknown": {with(map[string]any{"base_url": "{{ get_env('X') }}"}), "instead of its own"},
	} {
		err := staysIn(own, test.document)
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", name, err, test.want)
		}
	}
}

func TestABuiltInConfigurationSeesNothingThatIsSetForAnother(t *testing.T) {
	s := app.Settings{Environ: []string{
		"HOME=/home/a", "OTAI__SERVICES__X=1", "otai__services__x=1", "CFG__X=1", "OPEN_TICKET_AI__X=1", "OTAI_CONFIG=/x",
		"OTAI_OTOBO_BASE_URL=x", "OTAI_DEMO_URL=x", "HF_ENDPOINT=x", "HTTP_PROXY=x", "OTAI_PLUGIN_DIR=/old", "OTAI_PLUGIN_DIR=/p",
	}}
	if got := strings.Join(ofTheMachine(s), " "); got != "HOME=/home/a OTAI_PLUGIN_DIR=/p" {
		t.Error(got)
	}
}

func TestTheNotesConfidenceIsItsFirstPercentage(t *testing.T) {
	for body, want := range map[string]float64{
		"IT (93.5 %), 3 normal (61 %)": 0.935,
		"zu 87,2 % sicher":             0.872,
		"100%":                         1,
		"no figure":                    0,
	} {
		if got := noteConfidence(body); got != want {
			t.Errorf("%q: got %v, want %v", body, got, want)
		}
	}
}
