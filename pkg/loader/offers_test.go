package loader

import (
	"strings"
	"testing"

	"github.com/open-ticket-ai/otai/pkg/params"
)

func TestAPluginOffersWhatItOfferedWhereItWasTried(t *testing.T) {
	kind := func(k params.Kind) *params.Spec { return &params.Spec{Name: "text", Kind: k} }
	before := Offer{Name: "a:Work", Doc: "Works.", Type: "main.work", Params: kind(params.KindString), Labels: map[string]string{"effect": "none"}}
	change := func(f func(*Offer)) []Offer {
		now := before
		f(&now)
		return []Offer{now}
	}
	for name, c := range map[string]struct {
		now  []Offer
		want string
	}{
		"the same":           {[]Offer{before}, ""},
		"other words":        {change(func(o *Offer) { o.Doc, o.Labels = "Does its work.", nil }), ""},
		"nothing":            {nil, "a:Work is missing"},
		"more":               {[]Offer{before, {Name: "a:More"}}, "a:More is new"},
		"another name":       {change(func(o *Offer) { o.Name = "a:Rest" }), "a:Work is missing; a:Rest is new"},
		"a service":          {change(func(o *Offer) { o.Service = true }), "a:Work is another one"},
		"another type":       {change(func(o *Offer) { o.Type = "main.rest" }), "a:Work is another one"},
		"other methods":      {change(func(o *Offer) { o.Methods = []string{"Close"} }), "a:Work is another one"},
		"params of one kind": {change(func(o *Offer) { o.Params = kind(params.KindInt) }), "a:Work is another one"},
	} {
		p := &Plugin{Name: "otai-a", Path: "otai_a.so", Offers: c.now}
		err := p.offersAgain([]Offer{before})
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.HasSuffix(asError(err).Err.Error(), ": "+c.want) || asError(err).Code != CodeBadInjectable) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}
