package api

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
)

// Injectable is a service or a pipe that a configuration can use. Only
// [NewService], [NewPipe] and [NewPipeFunc] make valid ones: a host refuses a
// literal. The exported fields are data, so that a host can list, document and
// check an injectable without calling code of the plugin.
type Injectable struct {
	Name     string            // unique in its plugin, as in "FetchTicketsPipe"
	Doc      string            // one sentence for people
	Params   reflect.Type      // the params struct P
	Provides reflect.Type      // the type S of a service; nil for a pipe
	Instance reflect.Type      // the type T of a pipe; nil for a service
	Labels   map[string]string // free annotations, such as "deprecated"

	service func(params any, h Host) (any, error)
	pipe    func(h Host) (any, RunFunc, error)
}

// RunFunc runs a pipe once. params is a *P of the pipe's params struct P.
type RunFunc func(ctx context.Context, params any, scope Scope) (PipeResult, error)

// NewService describes a service. build is quick and silent: what needs I/O
// belongs into Start (see [Starter]). S should be the concrete type that build
// returns, so that the host sees all optional interfaces of the service.
func NewService[P, S any](name, doc string, build func(params P, h Host) (S, error)) Injectable {
	return Injectable{
		Name: name, Doc: doc,
		Params:   reflect.TypeFor[P](),
		Provides: reflect.TypeFor[S](),
		service: func(params any, h Host) (any, error) {
			p, ok := params.(*P)
			if !ok || p == nil {
				return nil, wrongParams[P](name, params)
			}
			s, err := build(*p, h)
			if err != nil {
				return nil, err
			}
			return s, nil
		},
	}
}

// NewPipe describes a pipe that keeps state between its runs. build receives no
// params, because they are rendered anew for each run and handed to Process: the
// instance holds only what must last. One instance is never run twice at once.
func NewPipe[P any, T Pipe[P]](name, doc string, build func(h Host) (T, error)) Injectable {
	return Injectable{
		Name: name, Doc: doc,
		Params:   reflect.TypeFor[P](),
		Instance: reflect.TypeFor[T](),
		pipe: func(h Host) (any, RunFunc, error) {
			t, err := build(h)
			if err != nil {
				return nil, nil, err
			}
			return t, func(ctx context.Context, params any, scope Scope) (PipeResult, error) {
				p, ok := params.(*P)
				if !ok || p == nil {
					return PipeResult{}, wrongParams[P](name, params)
				}
				return t.Process(ctx, *p, scope)
			}, nil
		},
	}
}

// NewPipeFunc describes a pipe without state.
func NewPipeFunc[P any](name, doc string, f PipeFunc[P]) Injectable {
	return NewPipe(name, doc, func(Host) (PipeFunc[P], error) {
		if f == nil {
			return nil, errors.New("the pipe's function is nil")
		}
		return f, nil
	})
}

func wrongParams[P any](name string, got any) error {
	return fmt.Errorf("%s: params are %T, want %v", name, got, reflect.TypeFor[*P]())
}

// WithLabel returns a copy of i with one more annotation.
func (i Injectable) WithLabel(key, value string) Injectable {
	labels := maps.Clone(i.Labels)
	if labels == nil {
		labels = make(map[string]string, 1)
	}
	labels[key] = value
	i.Labels = labels
	return i
}

// BuildService is for hosts. params is a *P; the result is an S.
func (i Injectable) BuildService(params any, h Host) (any, error) {
	if i.service == nil {
		return nil, fmt.Errorf("%s is no service: services are made by api.NewService", i.Name)
	}
	return i.service(params, h)
}

// BuildPipe is for hosts. It returns the instance, for its optional interfaces,
// and the function that runs it.
func (i Injectable) BuildPipe(h Host) (instance any, run RunFunc, err error) {
	if i.pipe == nil {
		return nil, nil, fmt.Errorf("%s is no pipe: pipes are made by api.NewPipe or api.NewPipeFunc", i.Name)
	}
	return i.pipe(h)
}

// Validator is optional, on a pointer to a params struct or to any struct within
// it. It is called after decoding and, where no template is left, offline. A
// [FieldError] names the key that is wrong.
type Validator interface{ Validate() error }

// Starter is optional on a service or a pipe. ctx ends with the start, not with
// the application. An instance that is also an io.Closer is closed at the end,
// also after a failed Start, and maybe twice.
type Starter interface {
	Start(ctx context.Context) error
}

// HealthChecker is optional on a service or a pipe. nil means healthy.
type HealthChecker interface {
	CheckHealth(ctx context.Context) error
}
