package begin

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/open-ticket-ai/otai/internal/app/models"
)

// chosenModel is the model that the configuration will name.
type chosenModel struct {
	written string // as the configuration has it
	labels  []string
}

// labeler is what a classifier offers to say which labels a model has.
type labeler interface {
	Labels(ctx context.Context, name string) ([]string, error)
}

// demoModel is the demonstration's model below the folder that has the examples.
var demoModel = filepath.Join("examples", "demo", "models", "queue")

// chooseModel returns the model that is named or chosen, which is downloaded if it isn't on
// this machine.
func (d *dialog) chooseModel() (chosenModel, error) {
	if d.o.Model != "" {
		m, err := d.useModel(d.o.Model)
		return m, err
	}
	there, err := d.modelsHere()
	if err != nil {
		return chosenModel{}, err
	}
	q := Question{Text: "Model: a folder, or a name at HuggingFace, which is downloaded"}
	if len(there) > 0 {
		q = Question{Text: "Model (number, folder, or name at HuggingFace)", Default: "1"}
		if d.o.Ask != nil {
			d.o.Say("\nModels on this machine that label texts:\n")
			for i, name := range there {
				d.o.Say("%4d  %s\n", i+1, name)
			}
		}
	} else if d.o.Ask != nil && besideOtai(demoModel) != "" {
		d.o.Say("\nThere is no model on this machine yet. One to try with is used by: otai init --demo\n")
	}
	if d.o.Demo && d.o.Ask == nil {
		return d.useModel(there[0]) // asked for by its flag
	}
	var chosen chosenModel
	err = d.ask("the model", "--model", q, func(answer string) error {
		if n, err := strconv.Atoi(answer); err == nil && n >= 1 && n <= len(there) {
			answer = there[n-1]
		}
		var err error
		chosen, err = d.useModel(answer)
		if d.ctx.Err() != nil {
			return d.ctx.Err()
		}
		return err
	})
	return chosen, err
}

// modelsHere are the complete classifiers of the cache; before them, if it is wanted, the
// demonstration's.
func (d *dialog) modelsHere() ([]string, error) {
	var names []string
	if d.o.Demo {
		folder := besideOtai(demoModel)
		if folder == "" {
			return nil, usage("the demonstration's models are not beside this otai: name the folder of a model with --model")
		}
		names = append(names, folder)
	}
	store, ok := d.classifier.(models.Store)
	if !ok {
		return names, nil
	}
	found, err := store.ListModels(d.ctx)
	if err != nil && len(names) == 0 && d.ctx.Err() != nil {
		return nil, err
	}
	for _, plain := range found { // a cache that can't be read has no models
		if m := models.Described(plain); m.Classifier && m.Complete && len(m.Revisions) > 0 {
			names = append(names, m.Names()[0])
		}
	}
	return names, nil
}

// besideOtai finds a folder of the bundle, of an installation or of a checkout; "" if there is
// none.
func besideOtai(name string) string {
	executable, err := os.Executable()
	if err != nil {
		return ""
	}
	if real, err := filepath.EvalSymlinks(executable); err == nil {
		executable = real
	}
	bin := filepath.Dir(executable)
	for _, above := range []string{"..", "../share/otai", "../../.."} {
		folder := filepath.Join(bin, above, name)
		if info, err := os.Stat(folder); err == nil && info.IsDir() {
			return folder
		}
	}
	return ""
}

// useModel asks a model for its labels.
func (d *dialog) useModel(name string) (chosenModel, error) {
	asked, written := name, name
	if strings.HasPrefix(name, ".") || isFolder(d.s.Abs(name)) {
		asked = d.s.Abs(name)
		written = d.folder.relative(asked)
	}
	if why := unusable(written); why != "" && why != tooLong {
		return chosenModel{}, fmt.Errorf("the model %q can't stand in a configuration: %s", written, why)
	}
	if store, ok := d.classifier.(models.Store); ok {
		if _, err := store.EnsureModel(d.ctx, asked, d.o.Progress); err != nil {
			return chosenModel{}, err
		}
	}
	able, ok := d.classifier.(labeler)
	if !ok {
		return chosenModel{}, fmt.Errorf("%s doesn't say which labels a model has", classifierUse)
	}
	d.o.Working("loading the model " + written)
	labels, err := able.Labels(d.ctx, asked)
	d.o.Working("")
	if err == nil && len(labels) == 0 {
		err = errors.New("the model has no labels")
	}
	return chosenModel{written: written, labels: labels}, err
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
