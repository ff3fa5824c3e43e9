package crashes

import (
	"bytes"
	"strings"
	"testing"
)

// FuzzTrace has any bytes read as a trace, behind and inside a real one, too.
func FuzzTrace(f *testing.F) {
	f.Add([]byte(nil))
	f.Add([]byte("\x7fELF\x00\x00\n\x00\xff\xfe\n"))
	f.Add(bytes.Repeat([]byte("x"), 3*maxLine))
	f.Add([]byte("goroutine 1 [running]:\n("))
	f.Add([]byte("goroutine 99999999999999999999 [\n\t:1\ncreated by  in goroutine 1"))
	for _, traces := range recorded(f) {
		for _, trace := range traces {
			f.Add([]byte(trace))
			f.Add([]byte(trace[:len(trace)/2]))
		}
	}
	plugins := crashing("", "")
	f.Fuzz(func(t *testing.T, trace []byte) {
		for _, frozen := range []bool{false, true} {
			reading := Name(bytes.NewReader(trace), frozen, plugins)
			cause, frame, named := reading.Cause, reading.Frame, reading.Plugin
			if (named == nil) != (frame == "") {
				t.Errorf("%q, %v", frame, named)
			}
			if len(ShareReason(cause)) > 400 || strings.ContainsAny(ShareFunction(frame), " \t\n") {
				t.Errorf("%q, %q", cause, frame)
			}
		}
		shared, _ := Share(bytes.NewReader(trace), 10<<10)
		if len(shared) > 10<<10 {
			t.Errorf("%d bytes are shared", len(shared))
		}
		// What is shared is a trace of its own, of which as much may be shared.
		again, _ := Share(strings.NewReader(shared), 20<<10)
		for line := range strings.Lines(shared) {
			if text := strings.TrimSpace(line); strings.HasPrefix(text, "goroutine ") && !strings.Contains(again, text) {
				t.Errorf("%q isn't shared the second time", line)
			}
		}
	})
}
