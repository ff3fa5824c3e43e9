package plugins

import (
	"context"

	"github.com/open-ticket-ai/otai/internal/app"
	"github.com/open-ticket-ai/otai/pkg/loader"
	"github.com/open-ticket-ai/otai/pkg/params"
)

// Details is all that a plugin says of itself; its JSON form is stable.
type Details struct {
	FileStatus
	Description string  `json:"description"`
	Size        int64   `json:"size"` // bytes
	Offers      []Offer `json:"offers"`
}

// Offer is a service or a pipe, with the JSON Schema of its params.
type Offer struct {
	Name   string            `json:"name"`
	Kind   string            `json:"kind"` // service or pipe
	Doc    string            `json:"doc"`
	Type   string            `json:"type"`
	Labels map[string]string `json:"labels,omitempty"`
	Needs  []Need            `json:"needs"`
	Schema map[string]any    `json:"schema"`
	Params []Param           `json:"-"` // for people: nested ones by their path
}

// Need is a service that is to be injected.
type Need struct {
	Name      string `json:"name"`
	Interface string `json:"interface"`
	Is        string `json:"is"` // what people call the interface: "a ticket system"
	Optional  bool   `json:"optional"`
}

// Param is one param.
type Param struct {
	Path, Type, Default, Doc string
}

// Inspect reports what a plugin file offers, as a child process reports it.
// Nothing of the file runs in this one.
func Inspect(ctx context.Context, s app.Settings, file string) (Details, error) {
	plugins, err := inspectFiles(ctx, s, file)
	if err != nil {
		return Details{}, err
	}
	p := plugins[0]
	details := Details{FileStatus: statusOf(p), Description: p.Description, Size: p.Size, Offers: []Offer{}}
	details.count(remembered(s))
	for _, o := range p.Offers {
		details.Offers = append(details.Offers, offerOf(o))
	}
	if p.Err != nil {
		return details, app.ExitWith(app.CodePlugins, p.Err)
	}
	return details, nil
}

func offerOf(o loader.Offer) Offer {
	offer := Offer{Name: o.Name, Kind: "pipe", Doc: o.Doc, Type: o.Type, Labels: o.Labels, Needs: []Need{}, Schema: params.Schema(o.Params)}
	if o.Service {
		offer.Kind = "service"
	}
	for _, need := range o.Params.Injections() {
		offer.Needs = append(offer.Needs, Need{Name: need.Name, Interface: need.Interface, Is: params.ServiceWords(need.Interface), Optional: need.Optional})
	}
	offer.Params = flatten(nil, "", o.Params)
	return offer
}

// flatten lists the params of an object and of the objects in it.
func flatten(list []Param, prefix string, s *params.Spec) []Param {
	for _, name := range s.Names() {
		f := s.Field(name)
		param := Param{Path: prefix + name, Type: string(f.Kind), Doc: f.Doc}
		switch {
		case f.Required:
			param.Default = "required"
		case f.Default != nil && !f.Secret:
			param.Default = *f.Default
		}
		if f.Elem != nil {
			param.Type += " of " + string(f.Elem.Kind)
		}
		list = append(list, param)
		if f.Kind == params.KindObject {
			list = flatten(list, param.Path+".", f)
		}
	}
	return list
}
