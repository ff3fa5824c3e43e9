package kept_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/open-ticket-ai/otai/internal/runs/kept"
	"github.com/open-ticket-ai/otai/internal/runs/store"
	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/pkg/orchestrator"
)

func clean(v any) bool {
	text, ok := v.(string)
	return !ok || !strings.Contains(text, "secret")
}

func docsOf(docs []store.Document) map[string][]byte {
	m := make(map[string][]byte, len(docs))
	for _, d := range docs {
		m[d.Ticket] = d.Body
	}
	return m
}

func TestTheTicketsOfASearchAreStoredOnceEachAndComeBackWhereTheyWere(t *testing.T) {
	one, two := map[string]any{"id": "1", "title": "printer"}, map[string]any{"id": "2", "title": "screen"}
	result := api.Success(map[string]any{
		"first": one, "all": []any{one, two}, "deep": map[string]any{"two": two, "other": map[string]any{"id": "3"}}, "count": int64(2),
	})
	result.Message = "two tickets"
	body, docs, err := kept.EncodeResult(result, []store.Ticket{{Ticket: "1"}, {Ticket: "2"}}, []kept.Leave{{System: "desk", Ticket: "2"}}, clean)
	if err != nil || len(docs) != 2 {
		t.Fatalf("%d documents, error %v", len(docs), err)
	}
	if strings.Contains(string(body), "printer") || !strings.Contains(string(body), "count") {
		t.Errorf("a ticket is in the result itself: %q", body)
	}
	back, err := kept.DecodeResult(body, docsOf(docs))
	if err != nil || !back.Search || !reflect.DeepEqual(back.PipeResult, result) {
		t.Errorf("came back as %+v, search %v, error %v", back.PipeResult, back.Search, err)
	}
	if _, err := kept.DecodeResult(body, docsOf(docs[:1])); err == nil {
		t.Error("a result whose document is missing came back")
	}
}

func TestAnItemComesBackAsItWas(t *testing.T) {
	seen := api.Success(map[string]any{"n": int64(7)})
	item := orchestrator.LoopItem{
		Key: "7", Name: "ticket", Ticket: "7", Value: map[string]any{"id": "7"},
		Params: map[string]any{"queue": "Incoming"}, Seen: map[string]api.PipeResult{"fetch": seen},
	}
	body, err := kept.EncodeItem(item, clean)
	if err != nil {
		t.Fatal(err)
	}
	if back, err := kept.DecodeItem(body); err != nil || !reflect.DeepEqual(back, item) {
		t.Errorf("came back as %+v, error %v", back, err)
	}
	item.Params["queue"] = "secret"
	if _, err := kept.EncodeItem(item, func(any) bool { return false }); !errors.Is(err, kept.ErrSecret) {
		t.Errorf("an item with a secret gives %v", err)
	}
}

func FuzzWhatIsStoredIsReadWithoutHarm(f *testing.F) {
	body, _, err := kept.EncodeResult(api.Success(map[string]any{"all": []any{map[string]any{"id": "1"}}}), []store.Ticket{{Ticket: "1"}}, nil, clean)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(body, body)
	f.Fuzz(func(_ *testing.T, body, doc []byte) {
		_, _ = kept.DecodeResult(body, map[string][]byte{"1": doc})
		_, _ = kept.DecodeItem(body)
	})
}
