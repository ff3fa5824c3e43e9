package api

import "maps"

// Scope is what one run can see. It is immutable: the With methods return a new
// one. The maps that it returns, and all that they hold, are plain values that
// must not be changed. The zero value is empty.
type Scope struct {
	results map[string]PipeResult
	params  map[string]any
	parent  map[string]any
}

// Result returns the result of a step that ran before, by its id.
func (s Scope) Result(id string) (PipeResult, bool) {
	r, ok := s.results[id]
	return r, ok
}

// Results returns the results of all steps that ran before, by id.
func (s Scope) Results() map[string]PipeResult { return s.results }

// Params returns the running pipe's own params, rendered. Secrets are left out,
// because the children see these params as their ParentParams.
func (s Scope) Params() map[string]any { return s.params }

// ParentParams returns the params of the pipe that this one is a child of.
func (s Scope) ParentParams() map[string]any { return s.parent }

// WithResult adds a step's result.
func (s Scope) WithResult(id string, r PipeResult) Scope {
	results := make(map[string]PipeResult, len(s.results)+1)
	maps.Copy(results, s.results)
	results[id] = r
	s.results = results
	return s
}

// WithParam adds one of the pipe's own params. Its children see it as a parent
// param: this is how a loop hands on its item.
func (s Scope) WithParam(name string, value any) Scope {
	params := make(map[string]any, len(s.params)+1)
	maps.Copy(params, s.params)
	params[name] = value
	s.params = params
	return s
}

// Enter is for hosts: the scope one level down, of a pipe whose rendered params
// are params. The params so far become the parent's.
func (s Scope) Enter(params map[string]any) Scope {
	s.parent, s.params = s.params, params
	return s
}
