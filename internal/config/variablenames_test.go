package config_test

import (
	"slices"
	"testing"

	"github.com/open-ticket-ai/otai/internal/config/catalog/catalogtest"
	"github.com/open-ticket-ai/otai/internal/config/check"

	"github.com/open-ticket-ai/otai/internal/config"
)

func TestAMisspeltVariableIsNamedWithTheOneThatIsSet(t *testing.T) {
	text := `services:
  a:
    use: otobo-znuny:OTOBOZnunyTicketSystemService
    params:
      base_url: ${DESK_ADRESS}
      username: "{{ get_env('DESK_USR') }}"
      password: "{{ get_env('ELSEWHERE') }}"
orchestrator:
  params:
    steps:
      - use: base:ExpressionPipe
        params: { expression: "{{ get_env('DESK_USR') }}" }
`
	d, diags := config.Read(config.Options{
		Files: []config.Source{{Name: "c", Data: []byte(text)}},
		Env:   []string{"DESK_ADDRESS=http://127.0.0.1/x", "DESK_USER=agent"},
	})
	var got []string
	for _, p := range diags.And(check.Check(d, catalogtest.New())) {
		got = append(got, p.String())
	}
	want := []string{
		"c:5:17: services.a.params.base_url: the environment variable DESK_ADRESS is not set (did you mean DESK_ADDRESS? Else set it in the environment or in .env, or write ${DESK_ADRESS:-default}; $${ stands for a literal ${)",
		"c:6:29: services.a.params.username: the environment variable DESK_USR is not set (did you mean DESK_USER?)",
		"c:12:43: warning: orchestrator.params.steps[0].params.expression: the environment variable DESK_USR is not set (did you mean DESK_USER?)",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}
