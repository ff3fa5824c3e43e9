package params_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/params"
)

type mode string

type auth struct {
	User string `otai:"user,required"`
	Tag  string `otai:"tag" default:"plain"`
}

type everything struct {
	_ struct{}

	Text     string            `otai:"text" default:"hello" min:"2" max:"8"`
	Mode     mode              `otai:"mode" default:"ro" enum:"ro,rw,append"`
	Flag     bool              `otai:"flag" default:"yes"`
	Count    int               `otai:"count" default:"10" min:"1" max:"500"`
	Small    int8              `otai:"small"`
	Big      int64             `otai:"big"`
	Ratio    float64           `otai:"ratio" min:"0" max:"1"`
	Wait     time.Duration     `otai:"wait" default:"30s" min:"PT1S" max:"1h"`
	Since    time.Time         `otai:"since"`
	Any      any               `otai:"any"`
	Auth     auth              `otai:"auth"`
	Maybe    *auth             `otai:"maybe"`
	Limit    *int              `otai:"limit" default:"7"`
	Names    []string          `otai:"names" max:"3"`
	Labels   map[string]string `otai:"labels" default:"{\"a\":\"b\"}"`
	Entities []api.Entity      `otai:"entities"`
	Owner    *api.Entity       `otai:"owner"`
	Places   map[string]auth   `otai:"places"`
	Password string            `otai:"password,secret" max:"12"`
	Pin      int               `otai:"pin,secret"`
}

func describe[P any](t testing.TB) *params.Spec {
	t.Helper()
	s, err := params.Describe(reflect.TypeFor[P]())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func decode[P any](t testing.TB, raw map[string]any, b params.Binder) (P, error) {
	t.Helper()
	got, err := params.Decode(describe[P](t), raw, b)
	if err != nil {
		return *new(P), err
	}
	return *got.(*P), nil
}

// dict keeps its order, as a template language's mapping does.
type dict struct {
	keys   []string
	values map[string]any
}

func newDict(pairs ...any) *dict {
	d := &dict{values: map[string]any{}}
	for i := 0; i < len(pairs); i += 2 {
		key := pairs[i].(string)
		d.keys = append(d.keys, key)
		d.values[key] = pairs[i+1]
	}
	return d
}

func (d *dict) Len() int                   { return len(d.keys) }
func (d *dict) Keys() []string             { return d.keys }
func (d *dict) Get(key string) (any, bool) { v, ok := d.values[key]; return v, ok }

type m = map[string]any

func TestDefaultsHoldWhereNothingIsGiven(t *testing.T) {
	seven := 7
	want := everything{
		Text: "hello", Mode: "ro", Flag: true, Count: 10, Wait: 30 * time.Second,
		Auth: auth{Tag: "plain"}, Limit: &seven, Labels: map[string]string{"a": "b"},
	}
	for name, raw := range map[string]map[string]any{
		"no params":    nil,
		"empty params": {},
		"null instead of a value": {
			"text": nil, "mode": nil, "flag": nil, "count": nil, "wait": nil, "since": nil, "auth": nil, "any": nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := decode[everything](t, raw, params.Binder{})
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("got %+v, want %+v", got, want)
			}
		})
	}
}

func TestNullIsNilWhereTheFieldCanBeNil(t *testing.T) {
	got, err := decode[everything](t, m{"limit": nil, "labels": nil, "names": nil, "maybe": nil, "any": nil}, params.Binder{})
	if err != nil {
		t.Fatal(err)
	}
	if got.Limit != nil || got.Labels != nil || got.Names != nil || got.Maybe != nil || got.Any != nil {
		t.Errorf("got %+v", got)
	}
}

func TestADefaultIsMadeAnewForEachDecode(t *testing.T) {
	s := describe[everything](t)
	for range 2 {
		got, err := params.Decode(s, nil, params.Binder{})
		if err != nil {
			t.Fatal(err)
		}
		p := got.(*everything)
		if p.Labels["a"] != "b" || *p.Limit != 7 {
			t.Errorf("the default was changed by an earlier user: %v %v", p.Labels, *p.Limit)
		}
		p.Labels["a"], *p.Limit = "changed", 0
	}
}

func TestValuesAreConverted(t *testing.T) {
	day := time.Date(2025, 3, 31, 0, 0, 0, 0, time.UTC)
	five := 5
	cases := []struct {
		key  string
		raw  any
		want any
		of   func(everything) any
	}{
		{"text", "abc", "abc", func(e everything) any { return e.Text }},
		{"text", 12345, "12345", func(e everything) any { return e.Text }},
		{"text", 10.0, "10", func(e everything) any { return e.Text }},
		{"any", int64(9007199254740993), int64(9007199254740993), func(e everything) any { return e.Any }},
		{"any", 3, int64(3), func(e everything) any { return e.Any }},
		{"any", []any{1, "x"}, []any{int64(1), "x"}, func(e everything) any { return e.Any }},
		{"text", true, "true", func(e everything) any { return e.Text }},
		{"text", 0.25, "0.25", func(e everything) any { return e.Text }},
		{"text", 1000000.0, "1000000", func(e everything) any { return e.Text }},
		{"text", json.Number("1.50"), "1.50", func(e everything) any { return e.Text }},
		{"text", uint64(77), "77", func(e everything) any { return e.Text }},
		{"mode", "append", mode("append"), func(e everything) any { return e.Mode }},
		{"flag", "NO", false, func(e everything) any { return e.Flag }},
		{"flag", " off ", false, func(e everything) any { return e.Flag }},
		{"flag", 0, false, func(e everything) any { return e.Flag }},
		{"flag", "n", false, func(e everything) any { return e.Flag }},
		{"flag", 1.0, true, func(e everything) any { return e.Flag }},
		{"count", 5.0, 5, func(e everything) any { return e.Count }},
		{"count", " 5 ", 5, func(e everything) any { return e.Count }},
		{"count", "5.0", 5, func(e everything) any { return e.Count }},
		{"count", json.Number("5"), 5, func(e everything) any { return e.Count }},
		{"big", int64(9007199254740993), int64(9007199254740993), func(e everything) any { return e.Big }},
		{"big", "9007199254740993", int64(9007199254740993), func(e everything) any { return e.Big }},
		{"big", json.Number("-9223372036854775808"), int64(math.MinInt64), func(e everything) any { return e.Big }},
		{"small", -128, int8(-128), func(e everything) any { return e.Small }},
		{"ratio", 1, 1.0, func(e everything) any { return e.Ratio }},
		{"ratio", "0.5", 0.5, func(e everything) any { return e.Ratio }},
		{"wait", "PT5S", 5 * time.Second, func(e everything) any { return e.Wait }},
		{"wait", 90, 90 * time.Second, func(e everything) any { return e.Wait }},
		{"since", "2025-03-31", day, func(e everything) any { return e.Since }},
		{"since", "2025-03-31 00:00:00", day, func(e everything) any { return e.Since }},
		{"since", "2025-03-31T00:00:00Z", day, func(e everything) any { return e.Since }},
		{"limit", "5", &five, func(e everything) any { return e.Limit }},
		{"names", []any{"a", 1}, []string{"a", "1"}, func(e everything) any { return e.Names }},
		{"names", []any{}, []string{}, func(e everything) any { return e.Names }},
		{"labels", m{"x": 1}, map[string]string{"x": "1"}, func(e everything) any { return e.Labels }},
		{"labels", newDict("x", "y"), map[string]string{"x": "y"}, func(e everything) any { return e.Labels }},
		{"auth", newDict("user", "u"), auth{User: "u", Tag: "plain"}, func(e everything) any { return e.Auth }},
		{"maybe", m{"user": "u"}, &auth{User: "u", Tag: "plain"}, func(e everything) any { return e.Maybe }},
		{"places", m{"x": m{"user": "u"}}, map[string]auth{"x": {User: "u", Tag: "plain"}}, func(e everything) any { return e.Places }},
	}
	for _, c := range cases {
		t.Run(fmt.Sprintf("%s %v", c.key, c.raw), func(t *testing.T) {
			got, err := decode[everything](t, m{c.key: c.raw}, params.Binder{})
			if err != nil {
				t.Fatal(err)
			}
			if value := c.of(got); !reflect.DeepEqual(value, c.want) {
				t.Errorf("got %#v, want %#v", value, c.want)
			}
		})
	}
}

// checkDiagnostics compares their texts.
func checkDiagnostics(t *testing.T, err error, want ...string) {
	t.Helper()
	var got []string
	for _, d := range params.Diagnostics(err) {
		got = append(got, d.String())
	}
	if !slices.Equal(got, want) {
		t.Errorf("diagnostics:\n  %s\nwant:\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

func TestDiagnosticsSayWhatIsThereAndWhatShouldBe(t *testing.T) {
	long := strings.Repeat("x", 100)
	cases := map[string]struct {
		raw  map[string]any
		want string
	}{
		"word for a number":       {m{"count": "abc"}, `count: is "abc" but must be a whole number`},
		"fraction":                {m{"count": 1.5}, `count: is 1.5 but must be a whole number`},
		"bool for a number":       {m{"count": true}, `count: is true but must be a whole number`},
		"empty text for a number": {m{"count": ""}, `count: is "" but must be a whole number`},
		"too small":               {m{"count": 0}, `count: is 0 but must be at least 1`},
		"too large":               {m{"count": 501}, `count: is 501 but must be at most 500`},
		"too large for its type":  {m{"small": 128}, `small: is 128 but must be a whole number from -128 to 127`},
		"too large for any type":  {m{"big": uint64(1) << 63}, `big: is 9223372036854775808 but must be a whole number from -9223372036854775808 to 9223372036854775807`},
		"too large float":         {m{"big": 1e300}, `big: is 1e+300 but must be a whole number from -9223372036854775808 to 9223372036854775807`},
		"no number":               {m{"ratio": math.NaN()}, `ratio: is NaN but must be a number`},
		"hexadecimal":             {m{"ratio": "0x1p-2"}, `ratio: is "0x1p-2" but must be a number`},
		"infinite":                {m{"ratio": "inf"}, `ratio: is "inf" but must be a number`},
		"word for a bool":         {m{"flag": "maybe"}, `flag: is "maybe" but must be yes or no (or true, false, on, off, 1, 0)`},
		"two for a bool":          {m{"flag": 2}, `flag: is 2 but must be yes or no (or true, false, on, off, 1, 0)`},
		"list for a text":         {m{"text": []any{}}, `text: is a list but must be text`},
		"mapping for a text":      {m{"text": newDict()}, `text: is a mapping but must be text`},
		"long text":               {m{"count": long}, `count: is "` + long[:60] + `"… but must be a whole number`},
		"text too short":          {m{"text": 1.0}, `text: has 1 character but must have at least 2`},
		"text too long":           {m{"text": "äöüäöüäöü"}, `text: has 9 characters but must have at most 8`},
		"not in the enum":         {m{"mode": "apend"}, `mode: is "apend" but must be one of ro, rw, append (did you mean "append"?)`},
		"far from the enum":       {m{"mode": "sideways"}, `mode: is "sideways" but must be one of ro, rw, append`},
		"empty enum":              {m{"mode": ""}, `mode: is "" but must be one of ro, rw, append`},
		"empty duration":          {m{"wait": ""}, `wait: is "" but must be a duration, such as 30s, 1h30m, PT1H30M, P1D or 0:30:00, or a number of seconds`},
		"duration too short":      {m{"wait": "500ms"}, `wait: is "500ms" but must be at least 1s`},
		"duration too long":       {m{"wait": "P1D"}, `wait: is "P1D" but must be at most 1h0m0s`},
		"no time":                 {m{"since": "yesterday"}, `since: is "yesterday" but must be a time, such as 2025-03-31T14:30:00+02:00, 2025-03-31 14:30:00 (in UTC) or 2025-03-31`},
		"text for a list":         {m{"names": "a"}, `names: is "a" but must be a list`},
		"list too long":           {m{"names": []any{"a", "b", "c", "d"}}, `names: has 4 entries but must have at most 3`},
		"null in a list":          {m{"names": []any{"a", nil}}, `names[1]: is empty`},
		"text for a struct":       {m{"auth": "me"}, `auth: is "me" but must be a mapping with the keys user, tag`},
		"missing in a struct":     {m{"auth": m{}}, `auth.user: is required`},
		"null in a struct":        {m{"maybe": m{"user": nil}}, `maybe.user: is required, but empty`},
		"missing in a map":        {m{"places": m{"x": m{}}}, `places.x.user: is required`},
		"text for a map":          {m{"labels": "a"}, `labels: is "a" but must be a mapping`},
		"list in a map":           {m{"labels": m{"k": []any{}}}, `labels.k: is a list but must be text`},
		"unknown key":             {m{"cuont": 1}, `cuont: unknown key (did you mean "count"?)`},
		"unknown key inside":      {m{"auth": m{"user": "u", "nothing_like_it": 1}}, `auth.nothing_like_it: unknown key (there are user, tag)`},
		"secret text":             {m{"password": []any{"hunter2"}}, `password: must be text`},
		"secret number":           {m{"pin": "hunter2"}, `pin: must be a whole number`},
		"secret too long":         {m{"password": "hunter2hunter2"}, `password: has 14 characters but must have at most 12`},
		"not plain":               {m{"any": []any{m{"x": make(chan int)}}}, `any[0].x: is a chan int, which can't be handed on`},
		"wrong by Validate":       {m{"owner": m{"name": ""}}, `owner: needs an id or a name, and both are empty`},
		"wrong by Validate in a list": {
			m{"entities": []any{m{"id": "1"}, m{}}}, `entities[1]: needs an id or a name, and both are empty`,
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := decode[everything](t, c.raw, params.Binder{})
			checkDiagnostics(t, err, c.want)
		})
	}
}

func TestAllDiagnosticsAreFoundInOrder(t *testing.T) {
	_, err := decode[everything](t, m{
		"zebra": 1, "Text ": 2, "pin": "x", "count": "x", "text": []any{},
		"auth": m{"user": nil, "tga": "x"}, "entities": []any{m{}, m{"id": []any{}}},
	}, params.Binder{})
	checkDiagnostics(t, err,
		`text: is a list but must be text`,
		`count: is "x" but must be a whole number`,
		`auth.user: is required, but empty`,
		`auth.tga: unknown key (did you mean "tag"?)`,
		`entities[0]: needs an id or a name, and both are empty`,
		`entities[1].id: is a list but must be text`,
		`pin: must be a whole number`,
		`["Text "]: unknown key (text is given already, so remove one of the two)`,
		`zebra: unknown key (there are text, mode, flag, count, small, big, ratio, wait, since, any, auth, maybe, limit, names, labels, entities, owner, places, password, pin)`,
	)
	var field *api.FieldError
	if !errors.As(err, &field) || field.Field != "text" {
		t.Errorf("the first FieldError is %v", field)
	}
}

type inner struct {
	From int `otai:"from"`
	To   int `otai:"to"`
}

func (i inner) Validate() error {
	if i.From > i.To {
		return fmt.Errorf("checking the range: %w", &api.FieldError{Field: "to", Err: errors.New("is before from")})
	}
	return nil
}

type checked struct {
	Name  string            `otai:"name"`
	One   inner             `otai:"one"`
	List  []inner           `otai:"list"`
	Map   map[string]*inner `otai:"map"`
	Extra map[string]any    `otai:",rest"`
}

func (c *checked) Validate() error {
	switch c.Name {
	case "panic":
		panic("oh no")
	case "end":
		runtime.Goexit()
	case "nil":
		var err *api.FieldError
		return err
	case "both":
		return errors.Join(&api.FieldError{Field: "name", Err: errors.New("is bad")}, errors.New("all is bad"))
	case "nested":
		return &api.FieldError{Field: "one", Err: c.One.Validate()}
	}
	return nil
}

func TestValidateIsCalledOnEveryStruct(t *testing.T) {
	wrong := m{"from": 2, "to": 1}
	cases := map[string]struct {
		raw  map[string]any
		want []string
	}{
		"struct":              {m{"one": wrong}, []string{"one.to: is before from"}},
		"element":             {m{"list": []any{wrong, m{}}}, []string{"list[0].to: is before from"}},
		"pointer in a map":    {m{"map": m{"k": wrong}}, []string{"map.k.to: is before from"}},
		"params":              {m{"name": "both"}, []string{"name: is bad", "all is bad"}},
		"panic":               {m{"name": "panic"}, []string{"can't be checked, because the plugin's Validate panicked: oh no"}},
		"end":                 {m{"name": "end"}, []string{"can't be checked, because the plugin's Validate ended its goroutine by runtime.Goexit"}},
		"nil in a pointer":    {m{"name": "nil"}, []string{"can't be checked, because of what the plugin's Validate returned: Error of an error of type *github.com/open-ticket-ai/otai/pkg/api.FieldError, which is a nil pointer (where nothing went wrong, return nil itself) panicked: runtime error: invalid memory address or nil pointer dereference"}},
		"not above a mistake": {m{"name": "both", "one": wrong}, []string{"one.to: is before from"}},
		"not where absent":    {m{}, nil},
		"null in a map":       {m{"map": m{"k": nil}}, nil},
		"all that is inside":  {m{"one": wrong, "list": []any{wrong}, "map": m{"a": wrong}}, []string{"one.to: is before from", "list[0].to: is before from", "map.a.to: is before from"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := decode[checked](t, c.raw, params.Binder{})
			checkDiagnostics(t, err, c.want...)
		})
	}
}

func TestTheRestReceivesUndeclaredKeys(t *testing.T) {
	got, err := decode[checked](t, m{"name": "x", "threshold": 5, "more": newDict("a", 1)}, params.Binder{})
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Extra) != 2 || got.Extra["threshold"] != int64(5) {
		t.Errorf("got %v", got.Extra)
	}
}

func TestOfflineATemplateIsRightForAnyKind(t *testing.T) {
	template := "{{ x }}"
	raw := m{}
	for _, name := range describe[everything](t).Names() {
		raw[name] = template
	}
	if _, err := decode[everything](t, raw, params.Binder{Offline: true}); err != nil {
		t.Error(err)
	}
	if _, err := decode[everything](t, m{"count": "{# a page #}5"}, params.Binder{Offline: true}); err != nil {
		t.Errorf("a comment of a template: %v", err)
	}
	_, err := decode[everything](t, m{"count": "{% if x %}1{% endif %}", "small": "abc"}, params.Binder{Offline: true})
	checkDiagnostics(t, err, `small: is "abc" but must be a whole number`)
	_, err = decode[everything](t, m{"count": template}, params.Binder{})
	checkDiagnostics(t, err, `count: is "{{ x }}" but must be a whole number`)
}

func TestOfflineValidateWaitsForTemplates(t *testing.T) {
	cases := map[string]struct {
		raw  map[string]any
		want []string
	}{
		"no template":            {m{"name": "both", "one": m{"from": 2}}, []string{"one.to: is before from"}},
		"in the struct":          {m{"one": m{"from": 2, "to": "{{ x }}"}}, nil},
		"inside of the struct":   {m{"name": "both", "one": m{"to": "{{ x }}"}}, nil},
		"in the rest":            {m{"name": "both", "other": []any{newDict("k", "{{ x }}")}}, nil},
		"beside the struct":      {m{"name": "{{ x }}", "one": m{"from": 2}}, []string{"one.to: is before from"}},
		"the whole is validated": {m{"name": "both"}, []string{"name: is bad", "all is bad"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := decode[checked](t, c.raw, params.Binder{Offline: true})
			checkDiagnostics(t, err, c.want...)
		})
	}
}

type composite struct {
	Steps  []api.ChildPipe          `otai:"steps"`
	Named  map[string]api.ChildPipe `otai:"named"`
	On     api.ChildPipe            `otai:"on"`
	Run    api.ChildPipe            `otai:"run,required"`
	Nested struct {
		Do api.ChildPipe `otai:"do"`
	} `otai:"nested"`
}

func TestChildrenAreBoundByTheirPlaces(t *testing.T) {
	var places []string
	got, err := decode[composite](t, m{
		"steps": []any{m{"id": "a"}, m{"id": "b"}}, "named": m{"z": m{"id": "z"}, "k": m{"id": "k"}},
		"run": m{"id": "r"}, "nested": m{"do": m{"id": "d"}},
	}, params.Binder{Child: func(path params.Path, raw any) (api.ChildPipe, error) {
		places = append(places, path.String())
		return api.NewChildPipe(raw.(map[string]any)["id"].(string), "base:X", nil), nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"steps[0]", "steps[1]", "named.k", "named.z", "run", "nested.do"}; !slices.Equal(places, want) {
		t.Errorf("places %v, want %v", places, want)
	}
	if got.Steps[1].ID() != "b" || got.Named["z"].ID() != "z" || got.Nested.Do.ID() != "d" || !got.On.IsZero() {
		t.Errorf("got %+v", got)
	}
}

type childError struct{ err error }

func (e *childError) Error() string { return "orchestrator.steps: " + e.err.Error() }
func (e *childError) Unwrap() error { return e.err }

func TestErrorsOfChildrenStayWhole(t *testing.T) {
	raw := m{"run": m{}, "steps": []any{nil}}
	cases := map[string]struct {
		binder params.Binder
		want   []string
	}{
		"its own error": {params.Binder{Child: func(path params.Path, _ any) (api.ChildPipe, error) {
			return api.ChildPipe{}, &childError{&api.FieldError{Field: "id", Err: errors.New(path.String())}}
		}}, []string{"steps[0]: orchestrator.steps: id: steps[0]", "run: orchestrator.steps: id: run"}},
		"several": {params.Binder{Child: func(params.Path, any) (api.ChildPipe, error) {
			return api.ChildPipe{}, errors.Join(&api.FieldError{Field: "use", Err: errors.New("is required")}, errors.New("bad"))
		}}, []string{"steps[0].use: is required", "steps[0]: bad", "run.use: is required", "run: bad"}},
		"not possible": {params.Binder{}, []string{"steps[0]: is a child pipe, which is not possible here", "run: is a child pipe, which is not possible here"}},
		"offline":      {params.Binder{Offline: true}, nil},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := decode[composite](t, raw, c.binder)
			checkDiagnostics(t, err, c.want...)
		})
	}
	_, err := decode[composite](t, m{"run": m{}, "steps": "{{ steps }}"}, params.Binder{Offline: true})
	checkDiagnostics(t, err, `steps: is "{{ steps }}" but must be a list`)
}

type needy struct {
	Tickets api.TicketSystem `inject:"ticket_system"`
	Spare   api.Classifier   `inject:"spare,optional"`
	Word    string           `otai:"word"`
}

type classifier struct{ api.Classifier }

type halfClassifier struct{}

func (*halfClassifier) Classify(string) error { return nil }

func TestServicesAreInjected(t *testing.T) {
	answer := func(services map[string]any) func(*params.Spec) (any, error) {
		return func(need *params.Spec) (any, error) {
			if service, ok := services[need.Name].(error); ok {
				return nil, service
			}
			return services[need.Name], nil
		}
	}
	type system struct{ api.TicketSystem }
	cases := map[string]struct {
		raw      map[string]any
		services map[string]any
		offline  bool
		want     []string
	}{
		"both":            {services: m{"ticket_system": system{}, "spare": classifier{}}},
		"without spare":   {services: m{"ticket_system": system{}}},
		"missing":         {want: []string{"injects.ticket_system: is required: name a service there that is a ticket system"}},
		"missing offline": {offline: true},
		"failed":          {services: m{"ticket_system": errors.New("no such service")}, want: []string{"injects.ticket_system: no such service"}},
		"wrong": {
			services: m{"ticket_system": classifier{}}, offline: true,
			want: []string{"injects.ticket_system: the service is not a ticket system: its plugin gives it no AddNote"},
		},
		"another signature": {
			services: m{"ticket_system": system{}, "spare": &halfClassifier{}},
			want:     []string{"injects.spare: the service is not a text classifier: its Classify takes or returns something else, as if its plugin was built for another version of the contract"},
		},
		"as a param": {
			raw: m{"ticket_system": "otobo"}, services: m{"ticket_system": system{}},
			want: []string{"ticket_system: unknown key: ticket_system is a service, which is named under injects"},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := decode[needy](t, c.raw, params.Binder{Inject: answer(c.services), Offline: c.offline})
			checkDiagnostics(t, err, c.want...)
			if err == nil && c.services["ticket_system"] != nil && got.Tickets == nil {
				t.Error("the service was not injected")
			}
		})
	}
}

func TestDiagnosticsKeepErrorsThatNameNoField(t *testing.T) {
	plain := errors.New("plain")
	wrapped := fmt.Errorf("services.otobo: %w", errors.Join(&api.FieldError{Field: "a", Err: plain}, fmt.Errorf("b: %w", plain)))
	checkDiagnostics(t, wrapped, "a: plain", "b: plain")
	checkDiagnostics(t, fmt.Errorf("%w: %w", api.ErrInvalid, plain), "invalid request: plain")
	checkDiagnostics(t, fmt.Errorf("%w: %w", api.ErrInvalid, &api.FieldError{Field: "a", Err: plain}), "a: plain")
	checkDiagnostics(t, &api.FieldError{Field: "steps", Err: &api.FieldError{Field: "[2]", Err: plain}}, "steps[2]: plain")
	checkDiagnostics(t, &api.FieldError{Field: "a"}, "a: is wrong")
	checkDiagnostics(t, nil)
}

func TestANumberBeyond64BitsKeepsItsDigits(t *testing.T) {
	type fields struct {
		Text  string  `otai:"text"`
		Any   any     `otai:"any"`
		Float float64 `otai:"float"`
		Whole int64   `otai:"whole"`
	}
	huge, _ := new(big.Int).SetString("12345678901234567890", 10)
	spec, err := params.Describe(reflect.TypeFor[fields]())
	if err != nil {
		t.Fatal(err)
	}
	got, err := params.Decode(spec, map[string]any{"text": huge, "any": []any{huge}, "float": huge}, params.Binder{})
	if err != nil {
		t.Fatal(err)
	}
	want := &fields{Text: "12345678901234567890", Any: []any{"12345678901234567890"}, Float: 12345678901234567890}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if _, err := params.Decode(spec, map[string]any{"whole": huge}, params.Binder{}); err == nil {
		t.Error("a whole number of 64 bits takes it")
	}
}
