package loader

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// Labeler is optional on a classifier. otai validate calls it in a child process, on a
// service that was built but not started.
type Labeler interface {
	// Labels returns what the model with that name ("" is the service's own) can answer. It
	// reads what says so, such as a small file, and neither loads nor downloads the model.
	Labels(ctx context.Context, model string) ([]string, error)
}

// ModelLabels are the labels of one model, or why they are not known.
type ModelLabels struct {
	Labels  []string `json:"labels"`            // in the model's own order; none if they are not known
	Unknown string   `json:"unknown,omitempty"` // why they are not known, for people
}

// labelsWithin is how long all answers about the labels of a plugin's models may take.
const labelsWithin = 5 * time.Second

// Labels has a child process build services of a plugin and ask those that are a [Labeler].
// p is a plugin that [Inspect] accepted with the same options. The result has a list for each
// question, with an answer for each of its names; it is empty for a service that can't be
// built or is not a Labeler.
func Labels(ctx context.Context, o Options, p Plugin, questions []ModelsQuestion) ([][]ModelLabels, error) {
	o.ProbeTimeout = labelsWithin
	last, err := ask(ctx, o, p, "ask for the labels of models of", probeRequest{Labels: true}, o.asked(p, questions))
	if err != nil {
		return nil, err
	}
	if len(last.Labels) != len(questions) {
		return nil, fmt.Errorf("ask for the labels of models of %s: the process that asks the plugin answered something else", p.Name)
	}
	return last.Labels, nil
}

// answerLabels is the child's part.
func answerLabels(input io.Reader, app api.AppConfig, list []api.Injectable) ([][]ModelLabels, error) {
	questions, err := readQuestions(input)
	ctx, cancel := context.WithTimeout(context.Background(), labelsWithin)
	defer cancel()
	answers := make([][]ModelLabels, len(questions))
	for i, q := range questions {
		answers[i] = []ModelLabels{}
		err = errors.Join(err, withService(list, app, q, func(service any) {
			labeler, ok := service.(Labeler)
			if !ok {
				return
			}
			for _, name := range q.Names {
				labels, err := labeler.Labels(ctx, name)
				answer := ModelLabels{Labels: labels}
				if err != nil {
					answer = ModelLabels{Unknown: err.Error()}
				}
				answers[i] = append(answers[i], answer)
			}
		}))
	}
	return answers, err
}
