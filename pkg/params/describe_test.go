package params_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/params"
)

type tree struct {
	Children []tree `otai:"children"`
}

type (
	nest  []nest
	maze  map[string]*maze
	chase *chase
)

type forest struct {
	Trees map[string]*tree `otai:"trees"`
}

type hidden struct{}

func TestDescribeRefusesWhatCanNotBeParams(t *testing.T) {
	cases := map[string]struct {
		params any
		want   string
	}{
		"no struct": {0, "the params are int, but must be a struct of their own"},
		"pointer":   {&auth{}, "the params are *github.com/open-ticket-ai/otai/pkg/params_test.auth"},
		"time":      {time.Time{}, "the params are time.Time"},
		"no tag":    {struct{ A int }{}, ".A: is exported, but has neither an otai nor an inject tag"},
		"both tags": {struct {
			A any `otai:"a" inject:"a"`
		}{}, "has both an otai and an inject tag"},
		"unexported with tag": {struct {
			a int `otai:"a"`
		}{}, ".a: has a tag, but is not exported"},
		"embedded":            {struct{ api.Entity }{}, ".Entity: is embedded without a tag"},
		"embedded unexported": {struct{ hidden }{}, ".hidden: is embedded, but not exported"},
		"no name": {struct {
			A int `otai:""`
		}{}, `the name "" must be made of letters`},
		"name with a dot": {struct {
			A int `otai:"a.b"`
		}{}, `the name "a.b" must be made of letters`},
		"unknown option": {struct {
			A int `otai:"a,omitempty"`
		}{}, `unknown option "omitempty" in the otai tag`},
		"unknown inject option": {struct {
			A any `inject:"a,required"`
		}{}, `unknown option "required" in the inject tag`},
		"name twice": {struct {
			A int `otai:"a"`
			B int `otai:"a"`
		}{}, `.B: the name "a" is used twice`},
		"service twice": {struct {
			A any `inject:"a"`
			B any `inject:"a"`
		}{}, `.B: the name "a" is used twice`},
		"contains itself": {tree{}, "params_test.tree contains itself"},
		"list of itself": {struct {
			Nest nest `otai:"a"`
		}{}, "params_test.nest contains itself"},
		"map of itself": {struct {
			Maze maze `otai:"a"`
		}{}, "params_test.maze contains itself"},
		"pointer to itself": {struct {
			Chase chase `otai:"a"`
		}{}, "params_test.chase contains itself"},
		"contains itself in a map": {forest{}, "params_test.tree contains itself"},
		"unsigned": {struct {
			A uint `otai:"a"`
		}{}, "uint can't come from a configuration"},
		"channel": {struct {
			A chan int `otai:"a"`
		}{}, "chan int can't come from a configuration"},
		"interface as a key": {struct {
			A api.TicketSystem `otai:"a"`
		}{}, `to have a service there, write inject:"name"`},
		"service that is not an interface": {struct {
			A int `inject:"a"`
		}{}, "int can't be injected, because it is not an interface"},
		"service inside": {struct {
			A struct {
				B any `inject:"b"`
			} `otai:"a"`
		}{}, "can only be injected into the params struct itself"},
		"service with a default": {struct {
			A any `inject:"a" default:"1"`
		}{}, `a service can't have the tag "default"`},
		"keys that are not strings": {struct {
			A map[int]string `otai:"a"`
		}{}, "the keys of map[int]string must be of type string"},
		"pointer to a pointer": {struct {
			A **int `otai:"a"`
		}{}, "so leave out the *"},
		"pointer to a list": {struct {
			A *[]int `otai:"a"`
		}{}, "so leave out the *"},
		"rest of another type": {struct {
			A map[string]string `otai:",rest"`
		}{}, "must be a map[string]any"},
		"rest with a name": {struct {
			A map[string]any `otai:"a,rest"`
		}{}, `write otai:",rest"`},
		"rest twice": {struct {
			A map[string]any `otai:",rest"`
			B map[string]any `otai:",rest"`
		}{}, `is used twice`},
		"required with a default": {struct {
			A int `otai:"a,required" default:"1"`
		}{}, "is required, so it can't have a default"},
		"bad default": {struct {
			A int `otai:"a" default:"x"`
		}{}, `default: is "x" but must be a whole number`},
		"default out of bounds": {struct {
			A int `otai:"a" default:"0" min:"1"`
		}{}, `default: is 0 but must be at least 1`},
		"default not in the enum": {struct {
			A string `otai:"a" default:"x" enum:"y,z"`
		}{}, `default: is "x" but must be one of y, z`},
		"empty default of a list": {struct {
			A []string `otai:"a" default:"a,b"`
		}{}, `default: is "a,b" but must be a list`},
		"null default": {struct {
			A any `otai:"a" default:"null"`
		}{}, "default: null is what"},
		"default of children": {struct {
			A []api.ChildPipe `otai:"a" default:"[]"`
		}{}, "child pipes have no default"},
		"secret children": {struct {
			A api.ChildPipe `otai:"a,secret"`
		}{}, "child pipes can't be secret"},
		"enum of a number": {struct {
			A int `otai:"a" enum:"1,2"`
		}{}, "only a string has an enum"},
		"enum twice": {struct {
			A string `otai:"a" enum:"x,x"`
		}{}, `enum: "x" is there twice`},
		"enum with a space": {struct {
			A string `otai:"a" enum:"x, y"`
		}{}, `enum: " y" is empty or has white space`},
		"min of a bool": {struct {
			A bool `otai:"a" min:"1"`
		}{}, "min: only numbers, durations, strings and lists have bounds"},
		"max of a map": {struct {
			A map[string]int `otai:"a" max:"1"`
		}{}, "max: only numbers, durations, strings and lists have bounds"},
		"bad min": {struct {
			A int `otai:"a" min:"one"`
		}{}, `min: "one" is not a number`},
		"bad duration": {struct {
			A time.Duration `otai:"a" min:"one"`
		}{}, `min: is "one" but must be a duration`},
		"fraction of a length": {struct {
			A string `otai:"a" max:"1.5"`
		}{}, `max: "1.5" is not a whole number`},
		"negative length": {struct {
			A string `otai:"a" max:"-1"`
		}{}, `max: a length can't be negative`},
		"min above max": {struct {
			A int `otai:"a" min:"2" max:"1"`
		}{}, "min is above max"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			s, err := params.Describe(reflect.TypeOf(c.params))
			if err == nil {
				t.Fatalf("accepted: %+v", s)
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %q, want it to contain %q", err, c.want)
			}
		})
	}
	if _, err := params.Describe(nil); err == nil {
		t.Error("no type at all is accepted")
	}
}

func TestASpecTellsKeysFromServices(t *testing.T) {
	s := describe[needy](t)
	if got := s.Names(); !slices.Equal(got, []string{"word"}) {
		t.Errorf("names %v", got)
	}
	if s.Field("ticket_system") != nil || s.Field("") != nil || s.Field("word").Kind != params.KindString {
		t.Error("Field finds what is not a key")
	}
	needs := s.Injections()
	if len(needs) != 2 || needs[0].Optional || !needs[1].Optional {
		t.Fatalf("needs %+v", needs)
	}
	if want := "github.com/open-ticket-ai/otai/pkg/api.TicketSystem"; needs[0].Interface != want {
		t.Errorf("interface %q, want %q", needs[0].Interface, want)
	}
	if needs[0].Type() != reflect.TypeFor[api.TicketSystem]() {
		t.Errorf("type %v", needs[0].Type())
	}
	if s.Rest() || !describe[checked](t).Rest() {
		t.Error("Rest")
	}
}

func TestASecretHoldsForAllThatIsInside(t *testing.T) {
	s := describe[struct {
		Users map[string]auth `otai:"users,secret"`
	}](t)
	if user := s.Field("users").Elem.Field("user"); !user.Secret {
		t.Error("a field of a secret struct is not secret")
	}
}

func TestAnyInterfaceAndAnyParamsStructOfTheContractCanBeDescribed(t *testing.T) {
	for _, of := range []reflect.Type{
		reflect.TypeFor[api.Ticket](), reflect.TypeFor[api.TicketUpdate](), reflect.TypeFor[api.SearchCriteria](),
		reflect.TypeFor[api.Note](), reflect.TypeFor[api.Classification](), reflect.TypeFor[struct{}](),
	} {
		if _, err := params.Describe(of); err != nil {
			t.Errorf("%v: %v", of, err)
		}
	}
}

// throughJSON is a Spec as another process gets it.
func throughJSON(t testing.TB, s *params.Spec) *params.Spec {
	t.Helper()
	text, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	var other params.Spec
	if err := json.Unmarshal(text, &other); err != nil {
		t.Fatal(err)
	}
	return &other
}

func TestASpecSurvivesATripThroughJSON(t *testing.T) {
	s := describe[everything](t)
	other := throughJSON(t, s)
	if other.Type() != nil {
		t.Error("a type came through JSON")
	}
	if !reflect.DeepEqual(params.Schema(other), params.Schema(s)) {
		t.Error("the schema is another one")
	}
	raw := m{"text": "{{ x }}", "password": "{{ y }}", "other": 1}
	if got := secretPlaces(other, raw); !slices.Contains(got, "password") {
		t.Errorf("secrets: %v", got)
	}
	if !slices.Equal(other.Names(), s.Names()) {
		t.Errorf("names %v", other.Names())
	}
	if _, err := params.Decode(other, nil, params.Binder{}); err == nil {
		t.Error("there is no type to decode into, and yet no error")
	}
	if _, err := params.PlainParams(other, &everything{}); err == nil {
		t.Error("there is no type to compare with, and yet no error")
	}
}
