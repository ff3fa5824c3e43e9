package loader

import (
	"fmt"
	"path/filepath"

	"github.com/open-ticket-ai/otai/pkg/loader/trust"
)

// CheckSources checks the folder from which a plugin will be built, and everything in it,
// by the rule of [CheckPath]: whoever can change it decides what runs when the plugin is
// tried. Of o, it uses TrustGroup. An error is an [*Error].
func CheckSources(dir string, o Options) error {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	t := trust.Of(o.TrustGroup)
	d, err := t.Tree(dir)
	if err != nil {
		return &Error{Stage: StageVerify, Code: CodeUnreadable, Path: dir, Err: fmt.Errorf("what is in it can't be judged: %w", err), Fix: "check the path and its permissions"}
	}
	if d == nil {
		return nil
	}
	if d.Foreign && t.UID == 0 {
		d.Fix = asOwner(d.Owner) + "; or, only if you trust what is in it, chown -R root " + trust.Quoted(dir)
	}
	return &Error{Stage: StageVerify, Code: CodeInsecurePermissions, Path: dir, Err: fmt.Errorf("what is built from it could be chosen by others: %s", d.Cause), Fix: d.Fix}
}
