package loader

import (
	"errors"
	"strings"

	"github.com/open-ticket-ai/otai/pkg/loader/preflight"
)

// verify decides whether the file may be trusted, and returns the path of the
// private copy whose content it judged.
func (l *loading) verify(p *Plugin) (private string, failure error) {
	// First, so that nobody can lead the path elsewhere when the file is opened.
	if err := p.checkWay(l.trust); err != nil {
		return "", err
	}
	source, err := preflight.Open(p.Path)
	if err != nil {
		return "", p.errorf(StageVerify, CodeUnreadable, "check the file and its permissions", "can't be opened: %w", preflight.Reason(err))
	}
	defer source.Close()
	if err := p.checkOpened(l.trust, source); err != nil {
		return "", err
	}
	private, failure = l.copies.take(p, source)
	if failure != nil {
		return "", failure
	}
	policy := l.policy(p)
	if policy.SHA256 != "" && !strings.EqualFold(policy.SHA256, p.SHA256) {
		return "", p.errorf(StageVerify, CodeChecksumMismatch, "get the file that is meant; or, if this one is, write into the configuration's plugins: sha256: "+p.SHA256,
			"the configuration wants sha256 %s, the file has %s", strings.ToLower(policy.SHA256), p.SHA256)
	}
	if len(l.TrustedKeys) == 0 {
		return private, nil
	}
	signature := policy.Signature
	if signature == "" {
		signature = p.Path + SignatureEnding
	}
	_, err = VerifySignature(private, signature, l.TrustedKeys)
	if invalid := (*SignatureError)(nil); errors.As(err, &invalid) {
		return "", p.errorf(StageVerify, invalid.Code, invalid.Fix, "%w", invalid)
	}
	if err != nil {
		return "", p.errorf(StageVerify, CodeStateDir, "", "%w", err)
	}
	return private, nil
}
