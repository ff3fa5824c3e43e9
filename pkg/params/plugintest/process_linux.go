package plugintest

import "github.com/open-ticket-ai/otai/pkg/params/processfacts"

// process is what belongs to the whole process, as a host looks at it when it opens a plugin.
type process struct{ snapshot *processfacts.Snapshot }

func lookAtProcess() process { return process{processfacts.LookWithoutListening()} }

// putBack says what has changed, which has its former value again where that is possible.
func (p process) putBack() []string {
	defer p.snapshot.Close()
	var violations []string
	for _, c := range p.snapshot.PutBack() {
		c.Back = true // the author is to leave it alone all the same
		violations = append(violations, "changes its process: "+c.String())
	}
	return violations
}
