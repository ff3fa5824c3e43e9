package params_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/open-ticket-ai/otai/pkg/params"
)

const day = 24 * time.Hour

var durations = []struct {
	v    any
	want time.Duration
}{
	{"30", 30 * time.Second},
	{"0", 0},
	{"-1.5", -1500 * time.Millisecond},
	{"+2", 2 * time.Second},
	{".5", 500 * time.Millisecond},
	{"1e3", 1000 * time.Second},
	{"1,5", 1500 * time.Millisecond},
	{" 5 \n", 5 * time.Second},
	{"0.000000001", 1},
	{"0.1", 100 * time.Millisecond},
	{"9223372036.854775807", math.MaxInt64},
	{"-9223372036.854775807", -math.MaxInt64},
	{5, 5 * time.Second},
	{int64(-5), -5 * time.Second},
	{uint64(5), 5 * time.Second},
	{0.01, 10 * time.Millisecond},
	{json.Number("1.25"), 1250 * time.Millisecond},
	{time.Minute, time.Minute},
	{"P1D", day},
	{"P1W", 7 * day},
	{"PT1H30M", 90 * time.Minute},
	{"PT0.01S", 10 * time.Millisecond},
	{"PT0,01S", 10 * time.Millisecond},
	{"P1DT12H", 36 * time.Hour},
	{"-PT5M", -5 * time.Minute},
	{"+PT5M", 5 * time.Minute},
	{"pt30s", 30 * time.Second},
	{"P1W2D", 9 * day},
	{"PT36H", 36 * time.Hour},
	{"P0.5D", 12 * time.Hour},
	{"PT1M", time.Minute},
	{"0:01:00", time.Minute},
	{"12:30", 12*time.Hour + 30*time.Minute},
	{"0:00:05", 5 * time.Second},
	{"100:00", 100 * time.Hour},
	{"-0:30", -30 * time.Minute},
	{"0:00:00.25", 250 * time.Millisecond},
	{"12:30:45", 45045 * time.Second},
	{"30s", 30 * time.Second},
	{"1h30m", 90 * time.Minute},
	{"1.5h", 90 * time.Minute},
	{"-5ms", -5 * time.Millisecond},
	{"7µs", 7 * time.Microsecond},
}

func TestParseDurationReadsAllForms(t *testing.T) {
	for _, c := range durations {
		got, err := params.ParseDuration(c.v)
		if err != nil {
			t.Errorf("%v: %v", c.v, err)
		} else if got != c.want {
			t.Errorf("%v: got %v, want %v", c.v, got, c.want)
		}
	}
}

func TestParseDurationRefuses(t *testing.T) {
	cases := []struct {
		v    any
		want string
	}{
		{"", "30s, 1h30m, PT1H30M, P1D or 0:30:00, or a number of seconds"},
		{"soon", `is "soon" but must be a duration`},
		{" ", "a duration"},
		{"-", "a duration"},
		{"--5s", "a duration"},
		{"-+5", "a duration"},
		{"5 s", "a duration"},
		{"5S", "a duration"},
		{"1 00:00:00", "a duration"},
		{"1:5", "a duration"},
		{"0:60", "a duration"},
		{"0:00:60", "a duration"},
		{":30", "a duration"},
		{"1:00:00:00", "a duration"},
		{"1:00:0.5", "a duration"},
		{"1:00:00.", "a duration"},
		{"1.5:00", "a duration"},
		{"P", "a duration"},
		{"PT", "a duration"},
		{"P1DT", "a duration"},
		{"P1H", "a duration"},
		{"PT1D", "a duration"},
		{"PT1S1M", "a duration"},
		{"PT1M1M", "a duration"},
		{"PT0.5M1S", "a duration"},
		{"P1", "a duration"},
		{"PTT1S", "a duration"},
		{"P-1D", "a duration"},
		{"P1.D", "a duration"},
		{"P1M", "months"},
		{"P1Y2D", "years"},
		{nil, "is empty"},
		{true, "is true"},
		{[]any{}, "is a list"},
		{math.NaN(), "a duration"},
		{math.Inf(1), "292 years"},
		{1e300, "292 years"},
		{int64(math.MaxInt64), "292 years"},
		{uint64(math.MaxUint64), "292 years"},
		{"9223372036.854775808", "292 years"},
		{"99999999999999999999", "292 years"},
		{"P999999999W", "292 years"},
		{"P106751DT999999999999H", "292 years"},
		{"9999999999:00", "292 years"},
		{"1e300", "292 years"},
		{"1e", "a duration"},
		{"0x10", "a duration"},
	}
	for _, c := range cases {
		got, err := params.ParseDuration(c.v)
		if err == nil {
			t.Errorf("%v is accepted as %v", c.v, got)
		} else if !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: %q does not contain %q", c.v, err, c.want)
		}
	}
}

type waiting struct {
	Wait time.Duration `otai:"wait"`
}

func FuzzParseDuration(f *testing.F) {
	for _, c := range durations {
		if text, ok := c.v.(string); ok {
			f.Add(text)
		}
	}
	for _, text := range []string{"P1M", "PT0.5M1S", "1:60", "--5s", "9223372036.854775808", "P", ""} {
		f.Add(text)
	}
	schema := params.Schema(describe[waiting](f))
	f.Fuzz(func(t *testing.T, text string) {
		d, err := params.ParseDuration(text)
		if err != nil {
			if d != 0 {
				t.Errorf("%q: %v beside the error %v", text, d, err)
			}
			return
		}
		if again, err := params.ParseDuration(d.String()); err != nil || again != d {
			t.Errorf("%q is %v, which reads as %v, %v", text, d, again, err)
		}
		if err := admits(schema, m{"wait": text}); err != nil {
			t.Errorf("%q: the schema refuses what is a duration: %v", text, err)
		}
	})
}
