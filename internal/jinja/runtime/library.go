package runtime

import (
	"math/big"

	"github.com/open-ticket-ai/otai/internal/jinja/value"
)

// Library is all that templates can name beside their variables. It is built once
// for a Renderer and never changed.
type Library struct {
	Globals map[string]any
	Filters map[string]*Filter
	Tests   map[string]*Test

	TextMethods                                map[string]*Method
	MarkupMethods                              map[string]*Method
	IntegerMethods, FloatMethods, RangeMethods map[string]*Method
	ListMethods                                map[string]*Method
	DictMethods                                map[string]*Method
}

// method is the method of that name of the object's type, or nil.
func (l *Library) method(object any, name string) *Method { return l.methods(object)[name] }

// methods are those of the object's type.
func (l *Library) methods(object any) map[string]*Method {
	switch object.(type) {
	case string:
		return l.TextMethods
	case value.Markup:
		return l.MarkupMethods
	case int64, int, bool, *big.Int:
		return l.IntegerMethods
	case float64:
		return l.FloatMethods
	case value.Range:
		return l.RangeMethods
	case []any, *value.MutableList, value.Tuple:
		return l.ListMethods
	case map[string]any, value.Mapping:
		return l.DictMethods
	}
	return nil
}

// Tables are the methods of each type.
func (l *Library) Tables() []map[string]*Method {
	return []map[string]*Method{l.TextMethods, l.MarkupMethods, l.IntegerMethods, l.FloatMethods, l.RangeMethods, l.ListMethods, l.DictMethods}
}
