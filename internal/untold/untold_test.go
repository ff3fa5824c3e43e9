package untold

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/params/freeze"
)

const planted = `Xanthippe "of" Athens/äö`

type login struct{ error }

func (login) LoginRefused() bool { return true }

type part struct{ error }

func (part) Partly() bool { return true }

func TestAnErrorIsTheSameForAProgramAndQuotesNothing(t *testing.T) {
	for name, err := range map[string]error{
		"as it is":       fmt.Errorf("ticket %s: %w", planted, api.ErrNotFound),
		"quoted":         fmt.Errorf("ticket %q: %w", planted, api.ErrInvalid),
		"in an address":  fmt.Errorf("GET https://hub/%s/config.json: %w", url.PathEscape(planted), api.ErrTemporary),
		"in a field":     &api.FieldError{Field: "ticket_id", Err: fmt.Errorf("%s: %w", planted, api.ErrDenied)},
		"with a pause":   &api.RetryError{After: time.Minute, Err: errors.New(planted)},
		"a login":        login{errors.New(planted)},
		"a part":         part{errors.New(planted)},
		"in lower case":  fmt.Errorf("no model %s: %w", strings.ToLower(planted), fs.ErrNotExist),
		"a part of it":   fmt.Errorf("no folder %s: %w", strings.Fields(planted)[0], context.DeadlineExceeded),
		"in a path":      &fs.PathError{Op: "open", Path: "/models/" + planted, Err: fs.ErrNotExist},
		"several within": errors.Join(fmt.Errorf("one: %w", api.ErrNotFound), errors.New(strconv.Quote(planted))),
	} {
		t.Run(name, func(t *testing.T) {
			got := Error(err, planted)
			var field, wantField *api.FieldError
			var retry, wantRetry *api.RetryError
			var refused, wantRefused interface{ LoginRefused() bool }
			var partly, wantPartly interface{ Partly() bool }
			for what, same := range map[string]bool{
				"field":  errors.As(got, &field) == errors.As(err, &wantField) && (field == nil || field.Field == wantField.Field),
				"retry":  errors.As(got, &retry) == errors.As(err, &wantRetry) && (retry == nil || retry.After == wantRetry.After && errors.Is(retry, api.ErrTemporary)),
				"login":  errors.As(got, &refused) == errors.As(err, &wantRefused),
				"partly": errors.As(got, &partly) == errors.As(err, &wantPartly),
			} {
				if !same {
					t.Errorf("%s isn't that of the error", what)
				}
			}
			for _, kind := range kinds {
				if errors.Is(got, kind) != errors.Is(err, kind) {
					t.Errorf("%v: %v", kind, errors.Is(got, kind))
				}
			}
			all := []error{got, fmt.Errorf("wrapped: %w", got)}
			if field != nil {
				all = append(all, field, field.Err)
			}
			if retry != nil {
				all = append(all, retry, retry.Err)
			}
			for _, e := range all {
				for _, text := range []string{fmt.Sprint(e), fmt.Sprintf("%+v", e)} {
					if plain, _ := url.PathUnescape(text); strings.Contains(strings.ToLower(text+plain), "xanthippe") {
						t.Errorf("it quotes: %s", text)
					}
				}
			}
			if errors.Unwrap(got) != nil {
				t.Error("what is within can be reached")
			}
		})
	}
}

func TestWhatQuotesNothingStays(t *testing.T) {
	for _, err := range []error{nil, fmt.Errorf("ticket 42: %w", api.ErrNotFound), &freeze.PanicError{Value: planted}} {
		if got := Error(err, planted, ""); got != err { //nolint:errorlint // the very same
			t.Errorf("%v became %v", err, got)
		}
	}
}
