package safetensors

import (
	"fmt"
	"strings"
	"testing"
)

func TestAHeaderIsBoundedAndReadToItsFirstError(t *testing.T) {
	many := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, `,"t%d":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}`, i)
		}
		return "{" + b.String()[1:] + "}"
	}
	for name, c := range map[string]struct{ header, want string }{
		"too many tensors":    {many(maxTensors + 1), "more than 100000 tensors"},
		"a tensor twice":      {`{"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}`, `"a" is described twice`},
		"too many dimensions": {`{"a":{"dtype":"F32","shape":[` + strings.Repeat("1,", 1_000_000) + `1],"data_offsets":[0,4]}}`, "has 1000001 dimensions"},
		"offsets without end": {`{"a":{"dtype":"F32","shape":[1],"data_offsets":[` + strings.Repeat("1,", 1_000_000) + `4]}}`, "data_offsets [1 1"},
		"a long dtype":        {`{"a":{"dtype":"` + strings.Repeat("F", 1_000_000) + `","shape":[1],"data_offsets":[0,4]}}`, "unknown dtype"},
		"a long name":         {`{"` + strings.Repeat("F", 1_000_000) + `":{"dtype":"X","shape":[1],"data_offsets":[0,4]}}`, "unknown dtype"},
		"more after its end":  {`{}{}`, "more follows its end"},
		"no end":              {`{"a":`, "not JSON"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := parseHeader([]byte(c.header))
			if err == nil || !strings.Contains(err.Error(), c.want) || len(err.Error()) > 1000 {
				t.Errorf("error is %.300v", err)
			}
		})
	}
	if all, err := parseHeader([]byte(many(1000))); err != nil || len(all) != 1000 {
		t.Errorf("%d tensors, %v", len(all), err)
	}
}
