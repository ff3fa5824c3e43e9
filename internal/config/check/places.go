package check

import (
	"github.com/open-ticket-ai/otai/internal/config"
	"github.com/open-ticket-ai/otai/internal/config/source"
	"github.com/open-ticket-ai/otai/pkg/params"
)

// A key that is certainly meant to be another one, or to stand elsewhere, is reported,
// and then all goes on as if it were there. What is reported then about its value has
// the path and the position at which it really stands.

// showWritten gives all diagnostics the paths of the file.
func (k *checker) showWritten() {
	for i := range k.diags.List {
		k.diags.List[i].Path = k.written(readPath(k.diags.List[i].Path)).String()
	}
}

// move has what stands in the file at from treated as if it stood at to.
func (k *checker) move(to, from params.Path) { k.moved[to.String()] = k.written(from) }

// isMoved reports whether what is treated as if it stood at path stands elsewhere.
func (k *checker) isMoved(path params.Path) bool {
	_, moved := k.moved[path.String()]
	return moved
}

// written is the path under which the value at path stands in the file.
func (k *checker) written(path params.Path) params.Path {
	for i := len(path); i > 0 && len(k.moved) > 0; i-- {
		if from, ok := k.moved[path[:i].String()]; ok {
			return k.written(from).Join(path[i:])
		}
	}
	return path
}

// isUnknown reports whether the value at path is not known, which is reported already.
func (k *checker) isUnknown(path params.Path) bool { return k.unknown[k.written(path).String()] }

func (k *checker) at(path params.Path) source.Position    { return k.doc.ValueAt(k.written(path)) }
func (k *checker) keyAt(path params.Path) source.Position { return k.doc.KeyAt(k.written(path)) }
func (k *checker) useAt(path params.Path) source.Position { return k.doc.UseAt(k.written(path)) }
func (k *checker) place(path params.Path) config.Written  { return k.doc.Written(k.written(path)) }

func (k *checker) inside(path params.Path, line, column int) source.Position {
	return k.doc.Inside(k.written(path), line, column)
}

func (k *checker) reportError(at source.Position, path params.Path, code, hint, format string, args ...any) {
	k.diags.ReportError(at, path, code, hint, format, args...)
}

func (k *checker) warn(at source.Position, path params.Path, code, hint, format string, args ...any) {
	k.diags.Warn(at, path, code, hint, format, args...)
}

func (k *checker) report(severity string, at source.Position, path params.Path, code, hint, message string) {
	k.diags.Report(severity, at, path, code, hint, message)
}
