package params_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/params"
)

type walked struct {
	URL      string            `otai:"url"`
	Password string            `otai:"password,required,secret"`
	Headers  map[string]string `otai:"headers,secret"`
	Users    []struct {
		Name  string `otai:"name"`
		Token string `otai:"token,secret"`
	} `otai:"users"`
	Steps []api.ChildPipe  `otai:"steps"`
	Any   any              `otai:"any"`
	Desk  api.TicketSystem `inject:"desk"`
}

// secretPlaces are the places of the secrets in raw: what a walk is often for.
func secretPlaces(s *params.Spec, raw map[string]any) (places []string) {
	params.Walk(s, raw, func(p *params.Place) params.Next {
		if p.Value == nil || !p.Secret() {
			return params.Into
		}
		places = append(places, p.Path.String())
		return params.Over
	})
	return places
}

func TestAWalkFindsEachSecret(t *testing.T) {
	raw := m{
		"url": "https://help.example", "password": "{{ get_env('PW') }}", "headers": m{"Authorization": "x"},
		"users": []any{newDict("name", "a", "token", 12345), m{"token": nil}, m{"name": "b"}}, "other": m{"x": "y"}, "any": []any{1},
	}
	want := []string{"password", "headers", "users[0].token"}
	if got := secretPlaces(describe[walked](t), raw); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestAWalkKnowsPathAndSpec(t *testing.T) {
	raw := m{
		"z.b": m{"x": 1}, "password": []any{"a"}, "headers": m{"k 1": "v"}, "users": []any{m{"name": []any{"n"}, "naem": 2}},
		"steps": []any{m{"use": "a:B"}}, "any": m{"q": nil}, "desk": 3, "url": "u",
	}
	want := []string{
		" object", "url string", "password string secret", "password[0] any secret", "headers map secret", `headers["k 1"] string secret`,
		"users list", "users[0] object", "users[0].name string", "users[0].name[0] any", "users[0].naem -",
		"steps list", "steps[0] child", "steps[0].use -", "any any", "any.q any", "desk -", `["z.b"] -`, `["z.b"].x -`,
	}
	var got []string
	params.Walk(describe[walked](t), raw, func(p *params.Place) params.Next {
		kind := "-"
		if p.Spec != nil {
			kind = string(p.Spec.Kind)
		}
		if p.Secret() {
			kind += " secret"
		}
		got = append(got, p.Path.String()+" "+kind)
		return params.Into
	})
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestAWalkWithoutASpec(t *testing.T) {
	var got []string
	params.Walk(nil, []any{m{"b": 1, "a": nil}, "x"}, func(p *params.Place) params.Next {
		if p.Spec != nil {
			t.Errorf("%s has the spec %+v", p.Path, p.Spec)
		}
		got = append(got, fmt.Sprint(p.Path, "=", p.Value))
		return params.Into
	})
	if want := []string{"=[map[a:<nil> b:1] x]", "[0]=map[a:<nil> b:1]", "[0].a=<nil>", "[0].b=1", "[1]=x"}; !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestAWalkGoesWhereTheVisitorSays(t *testing.T) {
	raw := m{"a": []any{1, m{"x": 1}, 3}, "b": m{"c": 1}, "d": 4, "e": 5}
	var seen []string
	params.Walk(nil, raw, func(p *params.Place) params.Next {
		seen = append(seen, p.Path.String())
		switch p.Path.String() {
		case "b":
			return params.Over
		case "d":
			return params.Stop
		}
		return params.Into
	})
	if want := []string{"", "a", "a[0]", "a[1]", "a[1].x", "a[2]", "b", "d"}; !slices.Equal(seen, want) {
		t.Errorf("seen %q, want %q", seen, want)
	}
}

func TestAWalkStopsWithinAList(t *testing.T) {
	var seen []string
	params.Walk(nil, m{"a": []any{1, []any{2}, 3}, "b": 4}, func(p *params.Place) params.Next {
		seen = append(seen, p.Path.String())
		if p.Value == 2 {
			return params.Stop
		}
		return params.Into
	})
	if want := []string{"", "a", "a[0]", "a[1]", "a[1][0]"}; !slices.Equal(seen, want) {
		t.Errorf("seen %q, want %q", seen, want)
	}
}
