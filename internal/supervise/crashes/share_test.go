package crashes

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

// recorded are the traces of real plugins in testdata, by release and form of the plugin, then by
// the way in which it ended its process.
func recorded(t testing.TB) map[string]map[string]string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", "traces", "*.txt"))
	if err != nil || len(files) != 4 {
		t.Fatal(files, err)
	}
	all := make(map[string]map[string]string)
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		traces := make(map[string]string)
		for part := range strings.SplitSeq("\n"+string(content), "\n-- ") {
			if kind, trace, ok := strings.Cut(part, " --"); ok {
				traces[kind] = strings.TrimPrefix(trace, "\n")
			}
		}
		all[strings.TrimSuffix(filepath.Base(file), ".txt")] = traces
	}
	return all
}

// crashing is the plugin whose traces are recorded.
func crashing(form, trace string) []Plugin {
	list := []Plugin{
		{Name: "otai-desk", Package: "example.com/desk", Module: "example.com/desk"},
		{Name: "otai-host", Package: "example.com/hos", Module: "example.com/hos"},
		{Name: "otai-crash", Package: "example.com/otai-crashing", Module: "example.com/otai-crashing"},
	}
	if strings.HasSuffix(form, "-unnamed") {
		_, rest, _ := strings.Cut(trace, "plugin/unnamed-")
		hash, _, _ := strings.Cut(rest, ".")
		return append(list, Plugin{Name: "otai-crashing", Package: "plugin/unnamed-" + hash})
	}
	return append(list, Plugin{Name: "otai-crashing", Package: "example.com/otai-crashing.v2", Module: "example.com/otai-crashing.v2"})
}

// TestRealTraces is for what a plugin can do, in the forms of traces of several releases of Go,
// of plugins with and without their paths, a name, and symbols.
func TestRealTraces(t *testing.T) {
	const (
		left        = "panic: (its text is left out)"
		unknown     = ""
		dereference = "panic: runtime error: invalid memory address or nil pointer dereference"
	)
	for kind, want := range map[string]struct{ cause, function string }{
		"text":       {left, "work"},
		"error":      {left, "work"},
		"struct":     {"panic: a value of the type main.letter (its text is left out)", "work"},
		"title":      {"panic: a value of the type main.title (its text is left out)", "work"},
		"number":     {left, "work"},
		"nil":        {dereference, "work"},
		"wild":       {"fatal error: a signal, as of a wrong address [signal SIGSEGV: segmentation violation code=0x1]", "work"},
		"again":      {left, "work.func1"},
		"conversion": {"panic: interface conversion: *main.letter is not interface { Quit() string }: missing method Quit", "work"},
		"closed":     {"panic: send on closed channel", "work"},
		"overflow":   {"fatal error: stack overflow", "overflow"},
		"map-writes": {"fatal error: concurrent map reads and writes, or concurrent map writes", "writeMap"},
		"cgo":        {"SIGSEGV: segmentation violation", "_Cfunc_read_at"},
		"abort":      {"SIGABRT: abort", "_Cfunc_give_up"},
		"labels":     {dereference, "work"},
		"frozen":     {"SIGABRT: abort", "Crash.func2"},
		"index":      {"panic: runtime error: index out of range [15] with length 0", "deep.(*Words[...]).Take"},
		"std":        {"panic: strings: negative Repeat count", "Crash"},
		"thread":     {unknown, unknown}, // none is left of a crash in a thread of C's own
		"exit":       {unknown, unknown},
		"killed":     {unknown, unknown},
	} {
		t.Run(kind, func(t *testing.T) {
			for form, traces := range recorded(t) {
				trace, known := traces[kind]
				if !known {
					t.Fatalf("%s: there is no trace", form)
				}
				if kind == "index" && strings.HasSuffix(form, "-unnamed") {
					continue // a package of a module, which the plugin's name doesn't say
				}
				reading := Name(strings.NewReader(trace), kind == "frozen", crashing(form, trace))
				named := ""
				if reading.Plugin != nil {
					named = reading.Plugin.Name
				}
				if want.function != unknown && named != "otai-crashing" || want.function == unknown && named != "" {
					t.Errorf("%s: it is put down to %q", form, named)
				}
				if frame := reading.Frame; frame != want.function && !strings.HasSuffix(frame, "."+want.function) && !strings.HasSuffix(frame, "/"+want.function) {
					t.Errorf("%s: the function is %q, want %q", form, frame, want.function)
				}
				if shared := ShareReason(reading.Cause); shared != want.cause {
					t.Errorf("%s: the cause is %q, want %q", form, shared, want.cause)
				}
				checkShared(t, form, trace)
			}
		})
	}
}

func checkShared(t *testing.T, form, trace string) {
	t.Helper()
	shared, more := Share(strings.NewReader(trace), maxTrace)
	if more || (trace == "") != (shared == "") {
		t.Errorf("%s: of %d bytes, %d are shared, more: %v", form, len(trace), len(shared), more)
	}
	for _, secret := range []string{"Quillfeather", "landlord", "tr0ub4dor", "746275307274", "346275307274", "0x7f", "0xc0"} {
		if strings.Contains(shared, secret) {
			t.Errorf("%s: %q is in\n%s", form, secret, shared)
		}
	}
	// Each function and each place is there, with the number of the line.
	was, is := strings.Count(trace, ".go:"), strings.Count(shared, ".go:")
	if was-strings.Count(trace, "Quillfeather.go:") != is {
		t.Errorf("%s: %d of %d places are shared:\n%s", form, is, was, shared)
	}
}

func TestDamagedTracesNameNobodyAndShareNothing(t *testing.T) {
	whole := recorded(t)["1.27.4-trimmed"]["cgo"]
	text := recorded(t)["1.26.11-unnamed"]["text"]
	for name, c := range map[string]struct {
		trace, plugin string
	}{
		"nothing":                       {"", ""},
		"zeros":                         {strings.Repeat("\x00", 4096), ""},
		"rubbish":                       {"\x7fELF\x02\x01\xff\n\xfe\n\tx\n(\n)\n", ""},
		"one endless line":              {strings.Repeat("example.com/desk.F(", 200_000), ""},
		"only the reason":               {whole[:20], ""},
		"cut before the plugin":         {whole[:strings.Index(whole, "runtime.cgocall")], ""},
		"cut behind the plugin":         {whole[:strings.Index(whole, "_cgo_gotypes")], "otai-crashing"},
		"cut in the plugin's name":      {whole[:strings.Index(whole, "._Cfunc_read")], ""},
		"a reason of several megabytes": {"panic: " + strings.Repeat("Quillfeather ", 300_000) + whole[strings.Index(whole, "\n\ngoroutine"):], "otai-crashing"},
		"a reason that forges":          {text, ""},
		"another's text":                {"My landlord Mr. Quillfeather is ill\nexample.com/desk.F(0x1)\n", ""},
		"a function with a text":        {"goroutine 1 [running]:\nexample.com/desk.Mr Quillfeather(0x1)\n\t/x Quillfeather\n", ""},
		"labels":                        {"goroutine 1 [running] {ticket: Quillfeather]:}:\nexample.com/desk.F({0x1, 0x746275307274})\n", "otai-desk"},
	} {
		t.Run(name, func(t *testing.T) {
			named := ""
			if p := Name(strings.NewReader(c.trace), false, crashing("", "")).Plugin; p != nil {
				named = p.Name
			}
			if named != c.plugin {
				t.Errorf("it is put down to %q, want %q", named, c.plugin)
			}
			if shared, _ := Share(strings.NewReader(c.trace), maxTrace); strings.Contains(shared, "Quillfeather") || strings.ContainsAny(shared, "\x00\x7f") || !utf8.ValidString(shared) {
				t.Errorf("%q is shared", shared)
			}
		})
	}
}

func TestWhatIsSharedHasABound(t *testing.T) {
	trace := recorded(t)["1.26.11-trimmed"]["frozen"]
	shared, more := Share(strings.NewReader(trace), 500)
	if !more || len(shared) > 500 || !strings.HasPrefix(shared, "SIGABRT: abort\n\ngoroutine 0 [idle]:\nruntime.") || !strings.HasSuffix(shared, "\n") {
		t.Errorf("%v, %q", more, shared)
	}
}
