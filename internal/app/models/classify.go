package models

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/open-ticket-ai/otai/internal/app"
	"github.com/open-ticket-ai/otai/internal/counted"
	"github.com/open-ticket-ai/otai/internal/texts"
	"github.com/open-ticket-ai/otai/pkg/api"
)

// DefaultClassifier is the classifier that a command uses when none is named.
const DefaultClassifier = "hf-local:HFClassificationService"

// ClassifyOptions say which classifier and model to try.
type ClassifyOptions struct {
	Use, Model string
	TopK       uint     // how many of the best scores to show; 0 is all
	Progress   Progress // of a download
}

// ClassifyInput says where the texts are: arguments, of which "-" is standard input,
// or files.
type ClassifyInput struct {
	Texts    []string
	Files    []string
	NUL      bool     // standard input's texts end with a zero byte, not with a line
	Format   string   // of the files: auto, text, mail, csv or json
	Columns  []string // of a table
	Encoding string   // of files and standard input; "" is UTF-8, or what a byte order mark says
	Progress Progress // of reading a file
}

// ReadsStdin reports whether standard input is read.
func (in ClassifyInput) ReadsStdin() bool {
	if len(in.Files) > 0 {
		return slices.Contains(in.Files, texts.Stdin)
	}
	return len(in.Texts) == 0 || slices.Contains(in.Texts, texts.Stdin)
}

// ClassifyFormats are the formats of files.
var ClassifyFormats = []string{string(texts.Auto), string(texts.Plain), string(texts.Mail), string(texts.CSV), string(texts.JSON)}

func (in ClassifyInput) check() error {
	tables := len(in.Columns) > 0 || in.Format == string(texts.CSV) || in.Format == string(texts.JSON)
	switch {
	case slices.Contains(in.Files, ""):
		return errors.New("--file needs the name of a file, and one is empty; standard input is --file -")
	case slices.ContainsFunc(in.Texts, func(arg string) bool { return strings.TrimSpace(arg) == "" }):
		return errors.New("an argument has no text in it, which a model would label all the same")
	case !slices.Contains(ClassifyFormats, in.Format):
		return fmt.Errorf("the format %q is not one of %s", in.Format, strings.Join(ClassifyFormats, ", "))
	case tables && len(in.Columns) == 0:
		return fmt.Errorf("the format %s needs --column: which column has the text?", in.Format)
	case len(in.Columns) > 0 && (in.Format == string(texts.Plain) || in.Format == string(texts.Mail)):
		return fmt.Errorf("the format %s has no columns", in.Format)
	case tables && len(in.Files) == 0 && slices.ContainsFunc(in.Texts, func(arg string) bool { return arg != texts.Stdin }):
		return errors.New("a table is a file or standard input: name it with --file")
	case in.NUL && (len(in.Files) > 0 || tables):
		return errors.New("-0 is for texts on standard input, not for files and tables")
	case len(in.Files) == 0 && (in.Format == string(texts.Plain) || in.Format == string(texts.Mail)):
		return fmt.Errorf("the format %s is for --file; standard input as one text is --file -", in.Format)
	}
	return texts.CheckEncoding(in.Encoding)
}

// ColumnsOf are the columns of the first file, as far as they are known.
func ColumnsOf(ctx context.Context, s app.Settings, in ClassifyInput) []string {
	if len(in.Files) == 0 {
		return nil
	}
	return texts.Columns(ctx, in.Files[0], texts.Options{Encoding: in.Encoding, Dir: s.Dir, Stdin: strings.NewReader("")})
}

// each yields the texts in their order.
func (in ClassifyInput) each(ctx context.Context, s app.Settings) iter.Seq[texts.Text] {
	o := texts.Options{
		Format: texts.Format(in.Format), Columns: in.Columns, Encoding: in.Encoding,
		Dir: s.Dir, Stdin: s.Stdin, Progress: in.Progress,
	}
	if len(in.Files) > 0 {
		return texts.Read(ctx, in.Files, o)
	}
	switch {
	case in.NUL:
		o.Format = texts.NUL
	case len(in.Columns) == 0:
		o.Format = texts.Lines
	}
	args := in.Texts
	if len(args) == 0 {
		args = []string{texts.Stdin}
	}
	return func(yield func(texts.Text) bool) {
		for _, arg := range args {
			one := func(yield func(texts.Text) bool) { yield(texts.Text{Text: arg}) }
			if arg == texts.Stdin {
				one = texts.Read(ctx, []string{texts.Stdin}, o)
			}
			for t := range one {
				if !yield(t) {
					return
				}
			}
		}
	}
}

// Labeled is a text with its classification; its JSON form is stable.
type Labeled struct {
	Source
	Text       string  `json:"text"`
	Label      string  `json:"label"`
	Confidence float64 `json:"confidence"`
	Scores     []Score `json:"scores"`
	Model      string  `json:"model"`
	Backend    string  `json:"backend,omitempty"` // what computed it, where the classifier says
}

// Source is the place of a text that was no argument.
type Source struct {
	File  string `json:"file,omitempty"`
	Row   int    `json:"row,omitempty"`  // number in the file, from 1
	Line  int    `json:"line,omitempty"` // at which a row begins, from 1
	Place string `json:"-"`              // the same for people
}

func sourceOf(t texts.Text) Source {
	if t.File == "" {
		return Source{}
	}
	return Source{File: t.File, Row: t.Row, Line: t.Line, Place: t.Place()}
}

// Unread is what stands where a text should be; its JSON form is stable.
type Unread struct {
	Source
	Error string `json:"error"`
}

// ClassifyAnswer gets the texts in their order.
type ClassifyAnswer struct {
	Labeled func(Labeled) error
	Unread  func(Unread) error
}

// backendReporter is optional on a classifier: Backend returns what computes a model,
// once it is loaded.
type backendReporter interface {
	Backend(model string) string
}

// Score is one label's confidence.
type Score struct {
	Label      string  `json:"label"`
	Confidence float64 `json:"confidence"`
}

// Classify labels each text and hands it on, without a configuration file. What can't
// be read is handed on, too, and makes the end an error.
func Classify(ctx context.Context, s app.Settings, o ClassifyOptions, in ClassifyInput, answer ClassifyAnswer) error {
	if err := in.check(); err != nil {
		return app.ExitWith(app.CodeUsage, err)
	}
	a, err := buildStandalone(ctx, s, o.Use)
	if err != nil {
		return err
	}
	in, answer = serialized(in, answer)
	read := func(ctx context.Context) iter.Seq[texts.Text] { return in.each(ctx, s) }
	return a.close(a.classify(ctx, modelName(s, o.Model), o, read, answer))
}

func (a *standalone) classify(ctx context.Context, model string, o ClassifyOptions, read func(context.Context) iter.Seq[texts.Text], answer ClassifyAnswer) error {
	inner, ok := a.service.(api.Classifier)
	if !ok {
		return app.ExitWith(app.CodeUsage, errors.New("this service is not a classifier"))
	}
	if err := a.engine.Start(ctx); err != nil {
		return err
	}
	// Before the first text, so that a download is seen and not taken for a slow model.
	if store, ok := a.service.(Store); ok {
		if _, err := (askedStore{a.ask, store}).EnsureModel(ctx, model, o.Progress); err != nil {
			return err
		}
	}
	c := classification{classifier: newClassifier(a.ask, inner), model: model, topK: o.TopK, answer: answer}
	if s, ok := a.service.(backendReporter); ok {
		c.backend = func(model string) string {
			name, _ := answerOf(ctx, a.ask, func() (string, error) { return s.Backend(model), nil }) // a line without it is an answer, too
			return name
		}
	}
	for batch := range readAhead(ctx, read) {
		if err := c.batch(ctx, batch); err != nil {
			return err
		}
	}
	if c.unread > 0 {
		return fmt.Errorf("%d of %s could not be read", c.unread, counted.Of(c.read, "text", "texts"))
	}
	return ctx.Err()
}

// modelName makes a path of a model that the command line gives: as for a shell, one
// that is written like a path and any folder counts from the working directory.
func modelName(s app.Settings, model string) string {
	if strings.HasPrefix(model, ".") {
		return filepath.Join(s.Dir, model)
	}
	if info, err := os.Stat(s.Abs(model)); model != "" && err == nil && info.IsDir() {
		return s.Abs(model)
	}
	return model
}
