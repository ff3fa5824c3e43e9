package base

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"

	"github.com/open-ticket-ai/otai/internal/base/decision"
	"github.com/open-ticket-ai/otai/internal/decisions"
	"github.com/open-ticket-ai/otai/internal/files"
	"github.com/open-ticket-ai/otai/pkg/api"
)

// DecisionUse is the registry name of the pipe that decides by a label.
const DecisionUse = "base:DecisionPipe"

type decisionParams struct {
	Ticket          string                  `otai:"ticket_id,required" min:"1" doc:"Which ticket."`
	From            string                  `otai:"from,required" min:"1" doc:"Id of the step before whose label and confidence decide, such as that of a base:ClassificationPipe."`
	Map             map[string]decision.Row `otai:"map" doc:"What each label means for the ticket. A label with {} is left to people."`
	MapFile         string                  `otai:"map_file" doc:"The same as a table (CSV) with the columns label, queue, priority, state and type, instead of map. The name counts from the configuration's folder; the file is read at the start."`
	ApplyFrom       any                     `otai:"apply_from" doc:"From which confidence on the target is applied: a number from 0 to 1, or one for each label and default for the rest, as in { default: 0.9, VPN: 0.95 }. Not given: nothing is applied."`
	SuggestFrom     any                     `otai:"suggest_from" doc:"From which confidence on a note suggests the target, in the same form. Not given: nothing is suggested, or everything where apply_from isn't given either."`
	Otherwise       any                     `otai:"otherwise,text" doc:"What becomes of a label that the map doesn't have, and of a confidence below both: leave, which is the default, or a target as in map. It is applied where apply_from is given, else suggested."`
	Note            decisionNote            `otai:"note" doc:"The note that goes with what is applied or suggested, instead of the built-in text. {label}, {confidence} and {target} in it are replaced."`
	Language        string                  `otai:"language" default:"en" enum:"en,de" doc:"Language of the built-in text."`
	SuggestionField string                  `otai:"suggestion_field" doc:"Field of the ticket system that gets the suggested target, such as DynamicField_Suggestion."`
	Tickets         api.TicketSystem        `inject:"ticket_system" doc:"Where the ticket is."`
}

type decisionNote struct {
	Subject string `otai:"subject" doc:"Subject line."`
	Body    string `otai:"body" doc:"Text."`
}

// File returns the param that names a file, and the name, for the engine: what is in the
// file belongs to the configuration.
func (p *decisionParams) File() (param, name string) { return "map_file", p.MapFile }

// mapFolderVariable is the variable for which the host returns the folder of the
// configuration file that has the param map_file.
const mapFolderVariable = "OTAI_CONFIG_DIR.map_file"

// decider is a ticket system that keeps what was decided about its tickets.
type decider interface {
	// Suggest carries out u, which suggests what, unless that is what was suggested last
	// and still stands; written reports whether it did.
	Suggest(ctx context.Context, id, what string, u api.TicketUpdate) (written bool, err error)
	// Leave says that leaving the ticket alone is final, and why.
	Leave(ctx context.Context, id, why string) error
}

// decisionPipe reads its table once.
type decisionPipe struct {
	folder string
	named  func(path string) ([]byte, error)
	result *writeResult

	mu     sync.Mutex
	tables map[string]map[string]decision.Target // by name
}

func (o Options) newDecisionPipe(h api.Host) (api.PipeFunc[decisionParams], error) {
	folder, _ := h.Env(mapFolderVariable)
	return (&decisionPipe{folder: folder, named: o.Named, result: o.newWriteResult(h), tables: make(map[string]map[string]decision.Target)}).process, nil
}

func (d *decisionPipe) process(ctx context.Context, p decisionParams, scope api.Scope) (api.PipeResult, error) {
	policy, err := d.policy(p)
	if err != nil {
		return api.PipeResult{}, err
	}
	label, confidence, err := classified(scope, p.From)
	if err != nil {
		return api.PipeResult{}, err
	}
	decided := policy.Decide(label, confidence)
	var update api.TicketUpdate
	if decided.Action == decision.Applied {
		update = decided.Target.Update()
	} else if p.SuggestionField != "" {
		update.Fields = map[string]any{p.SuggestionField: decided.Target.Short()}
	}
	text := decision.TextOf(decided.Action, decision.Text{Subject: p.Note.Subject, Body: p.Note.Body}, p.Language)
	target := decided.Target.In(p.Language)
	filled := text.Fill(label, decision.Percent(confidence), target)
	update.Notes = []api.Note{{Subject: filled.Subject, Body: filled.Body}}

	keeper, keeps := p.Tickets.(decider)
	switch {
	case decided.Action == decision.Applied, decided.Action == decision.Suggested && !keeps:
		err = p.Tickets.UpdateTicket(ctx, p.Ticket, update)
	case decided.Action == decision.Suggested:
		// The confidence, which each further article changes, makes no other suggestion.
		said := text.Fill(label, "", target)
		written := false
		written, err = keeper.Suggest(ctx, p.Ticket, label+"\x1f"+target+"\x1f"+said.Subject+"\x1f"+said.Body, update)
		if err == nil && !written {
			decided.Action, decided.Reason = decision.Left, "the same is suggested already: "+decided.Reason
		}
	case keeps:
		err = keeper.Leave(ctx, p.Ticket, decided.Reason)
	}
	said := decisions.Pipe{Action: decisions.Action(decided.Action), Label: label, Confidence: confidence, Reason: decided.Reason, Target: make(map[string]decisions.Value)}
	for part, to := range decided.Target.Parts() {
		if part == decision.Type {
			part = decisions.Further("Type")
		}
		said.Target[part] = decisions.Value{ID: to.ID, Name: to.Name}
	}
	decisions.Decided(ctx, said) // also where the write was refused
	if result, err := d.result.of(p.Ticket, "map", err); err != nil || !result.Succeeded() {
		return result, err
	}
	var plain any
	if t := decided.Target.Plain(); t != nil {
		plain = t
	}
	return api.Success(map[string]any{
		"action": string(decided.Action), "target": plain, "reason": decided.Reason, "label": label, "confidence": confidence,
	}), nil
}

// classified is what a step before has found. from may be what a template has made of a
// ticket, so no error quotes it.
func classified(scope api.Scope, from string) (label string, confidence float64, err error) {
	r, ok := scope.Result(from)
	if !ok {
		return "", 0, &api.FieldError{Field: "from", Err: fmt.Errorf("no step before has this id: %w", api.ErrInvalid)}
	}
	label, isText := r.Data["label"].(string)
	switch x := r.Data["confidence"].(type) {
	case float64:
		confidence = x
	case int:
		confidence = float64(x)
	case int64:
		confidence = float64(x)
	default:
		isText = false
	}
	if !isText {
		return "", 0, &api.FieldError{Field: "from", Err: fmt.Errorf("the result of the step has no label and confidence: %w", api.ErrInvalid)}
	}
	return label, confidence, nil
}

func (d *decisionPipe) policy(p decisionParams) (decision.Policy, error) {
	policy, err := policyOf(p)
	if err != nil || p.MapFile == "" {
		return policy, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	table, known := d.tables[p.MapFile]
	if !known {
		read, err := ReadDecisionTable(FileName(p.MapFile, d.folder), d.named)
		if err != nil {
			return policy, &api.FieldError{Field: "map_file", Err: fmt.Errorf("%w: %w", api.ErrInvalid, err)}
		}
		table = read.Map
		d.tables[p.MapFile] = table
	}
	policy.Map = table
	return policy, nil
}

// policyOf reads the params, without the table. What is wrong is an [api.ErrInvalid].
func policyOf(p decisionParams) (policy decision.Policy, err error) {
	var wrong []error
	field := func(name string, err error) {
		if err != nil {
			wrong = append(wrong, &api.FieldError{Field: name, Err: fmt.Errorf("%w: %w", err, api.ErrInvalid)})
		}
	}
	policy.Apply, err = decision.ReadThresholds(p.ApplyFrom)
	field("apply_from", err)
	policy.Suggest, err = decision.ReadThresholds(p.SuggestFrom)
	field("suggest_from", err)
	policy.Otherwise, err = decision.ReadOtherwise(p.Otherwise)
	field("otherwise", err)
	switch {
	case p.Map == nil && p.MapFile == "":
		field("map", errors.New("nothing says what the labels mean: give map or map_file"))
	case p.Map != nil && p.MapFile != "":
		field("map_file", errors.New("map is given, too: keep one of the two"))
	}
	policy.Map = make(map[string]decision.Target, len(p.Map))
	for label, row := range p.Map {
		policy.Map[label], err = row.Target()
		field("map", err)
	}
	return policy, errors.Join(wrong...)
}

// FileName returns the name of a file that a configuration names: a relative one counts from
// folder.
func FileName(name, folder string) string {
	if folder == "" || name == "" || filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(folder, name)
}

// ReadDecisionTable reads the table of a map_file. What is wrong in it are
// [decision.Mistakes]. named is that of [Options].
func ReadDecisionTable(name string, named func(path string) ([]byte, error)) (decision.Table, error) {
	if named == nil {
		named = func(path string) ([]byte, error) {
			content, err := files.Regular(path, decision.MostTable)
			return content.Data, err
		}
	}
	content, err := named(name)
	if err != nil {
		return decision.Table{}, fmt.Errorf("read %s: %w", name, err)
	}
	table, err := decision.ReadTable(content)
	if err != nil {
		return decision.Table{}, fmt.Errorf("%s: %w", name, err)
	}
	return table, nil
}
