package value

import (
	"reflect"
	"slices"
	"testing"

	"github.com/open-ticket-ai/otai/pkg/api"
)

func tagged(v any) []string {
	var names []string
	for t, i := reflect.TypeOf(v), 0; i < t.NumField(); i++ {
		if name, ok := t.Field(i).Tag.Lookup("otai"); ok {
			names = append(names, name)
		}
	}
	return names
}

func TestTheOrderOfFieldsIsThatOfTheContract(t *testing.T) {
	for i, v := range []any{api.Ticket{}, api.Note{}} {
		if want := tagged(v); !slices.Equal(fieldOrders[i], want) {
			t.Errorf("%T has the fields %v, fieldOrders has %v", v, want, fieldOrders[i])
		}
	}
}
