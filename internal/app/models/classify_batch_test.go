package models

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/internal/texts"
	"github.com/open-ticket-ai/otai/pkg/api"
)

// oneByOne labels a text by itself, and "bad" not at all.
type oneByOne struct{ single *int }

func (c oneByOne) Classify(_ context.Context, r api.ClassificationRequest) (api.Classification, error) {
	*c.single++
	if r.Text == "bad" {
		return api.Classification{}, errors.New("bad is not a text")
	}
	return api.Classification{Label: "label of " + r.Text}, nil
}

// inBatches counts its batches.
type inBatches struct {
	oneByOne
	sizes *[]int
}

func (c inBatches) ClassifyBatch(_ context.Context, rs []api.ClassificationRequest) ([]api.Classification, error) {
	*c.sizes = append(*c.sizes, len(rs))
	answers := make([]api.Classification, len(rs))
	for i, r := range rs {
		if r.Text == "bad" {
			return nil, errors.New("a text of the batch is bad")
		}
		answers[i] = api.Classification{Label: "label of " + r.Text}
	}
	return answers, nil
}

func readTexts(all ...string) []texts.Text {
	out := make([]texts.Text, len(all))
	for i, text := range all {
		if out[i] = (texts.Text{Text: text}); text == "" {
			out[i].Err = errors.New("there is no text in it")
		}
	}
	return out
}

// answers collects what is handed on, a line each.
func answers(lines *[]string) ClassifyAnswer {
	return ClassifyAnswer{
		Labeled: func(l Labeled) error { *lines = append(*lines, l.Text+": "+l.Label); return nil },
		Unread:  func(u Unread) error { *lines = append(*lines, "! "+u.Error); return nil },
	}
}

func TestABatchIsAnsweredInTheOrderOfItsTexts(t *testing.T) {
	for name, c := range map[string]struct {
		texts  []texts.Text
		want   string
		single int
		err    string
	}{
		"all good":                {readTexts("a", "b", "c"), "a: label of a|b: label of b|c: label of c", 0, ""},
		"some can't be read":      {readTexts("", "a", "", "b"), "! there is no text in it|a: label of a|! there is no text in it|b: label of b", 0, ""},
		"one text is not a batch": {readTexts("a"), "a: label of a", 1, ""},
		"one of them fails":       {readTexts("a", "", "bad", "b"), "a: label of a|! there is no text in it", 2, "bad is not a text"},
	} {
		t.Run(name, func(t *testing.T) {
			var lines []string
			var sizes []int
			single := 0
			run := classification{classifier: inBatches{oneByOne{&single}, &sizes}, answer: answers(&lines)}
			err := run.batch(t.Context(), c.texts)
			if got := strings.Join(lines, "|"); got != c.want || single != c.single {
				t.Errorf("got %s, %d of them alone; want %s, %d", got, single, c.want, c.single)
			}
			if c.err == "" && err != nil || c.err != "" && (err == nil || err.Error() != c.err) {
				t.Errorf("error is %v, want %q", err, c.err)
			}
		})
	}
}

func TestAClassifierWithoutBatchesAnswersTextAfterText(t *testing.T) {
	var lines []string
	single := 0
	run := classification{classifier: oneByOne{&single}, answer: answers(&lines)}
	run.answer.Labeled = func(l Labeled) error {
		lines = append(lines, fmt.Sprint(l.Text, single))
		return nil
	}
	if err := run.batch(t.Context(), readTexts("a", "b")); err != nil || !slices.Equal(lines, []string{"a1", "b2"}) {
		t.Errorf("%v, %v", lines, err)
	}
}

func TestBatchesAreBoundedAndHaveAllTextsInTheirOrder(t *testing.T) {
	large := strings.Repeat("x", batchBytes/2)
	for name, c := range map[string]struct {
		text  string
		ahead int // how many texts may be read before the batch that is worked on is done
	}{
		"small texts": {"x", batchTexts},
		"large texts": {large, 2},
	} {
		t.Run(name, func(t *testing.T) {
			const n = 100
			read, taken := 0, 0
			rows := func(context.Context) iter.Seq[texts.Text] {
				return func(yield func(texts.Text) bool) {
					for i := range n {
						read++
						if !yield(texts.Text{Text: c.text, Row: i}) {
							return
						}
					}
				}
			}
			for batch := range readAhead(t.Context(), rows) {
				if len(batch) > c.ahead {
					t.Fatalf("a batch of %d texts", len(batch))
				}
				for _, text := range batch {
					if text.Row != taken {
						t.Fatalf("text %d in the place of %d", text.Row, taken)
					}
					taken++
				}
			}
			if taken != n || read != n {
				t.Errorf("%d of %d texts, %d read", taken, n, read)
			}
		})
	}
}

func TestTheReaderIsAtMostOneBatchAhead(t *testing.T) {
	read := make(chan int, 1000)
	rows := func(context.Context) iter.Seq[texts.Text] {
		return func(yield func(texts.Text) bool) {
			for i := 0; ; i++ {
				read <- i
				if !yield(texts.Text{Text: "x"}) {
					return
				}
			}
		}
	}
	for batch := range readAhead(t.Context(), rows) {
		// Another batch, and the text for which there is no more room.
		most := len(batch) + batchTexts + 1
		for deadline := time.Now().Add(10 * time.Second); len(read) < most && time.Now().Before(deadline); {
			time.Sleep(time.Millisecond)
		}
		time.Sleep(20 * time.Millisecond)
		if got := len(read); got > most {
			t.Errorf("%d texts were read ahead of a batch of %d", got, len(batch))
		}
		break
	}
}

func TestALineIsAnsweredBeforeTheNextIsThere(t *testing.T) {
	lines := make(chan string, 1)
	rows := func(context.Context) iter.Seq[texts.Text] {
		return func(yield func(texts.Text) bool) {
			for line := range lines {
				if !yield(texts.Text{Text: line}) {
					return
				}
			}
		}
	}
	lines <- "1"
	got := 0
	for batch := range readAhead(t.Context(), rows) {
		if len(batch) != 1 {
			t.Fatalf("a batch of %d", len(batch))
		}
		if got++; got == 3 {
			close(lines)
			continue
		}
		lines <- "next"
	}
	if got != 3 {
		t.Errorf("%d answers", got)
	}
}

func TestWhoEndsEarlyDoesNotWaitForTheNextLine(t *testing.T) {
	rows := func(ctx context.Context) iter.Seq[texts.Text] {
		return func(yield func(texts.Text) bool) {
			yield(texts.Text{Text: "x"})
			<-ctx.Done() // as standard input does on which nothing comes
		}
	}
	for range readAhead(t.Context(), rows) {
		break
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	for range readAhead(ctx, rows) {
		stop()
	}
}
