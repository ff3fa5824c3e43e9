package loader

import (
	"errors"
	"fmt"
	"strings"

	"github.com/open-ticket-ai/otai/pkg/loader/preflight"
)

// verify decides whether the file may be trusted, and returns the path of the
// private copy whose content it judged.
func (l *loading) verify(p *Plugin) (private string, failure error) {
	if private, failure = l.private(p); failure != nil {
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
	err := l.checkSignature(p, private, signature)
	if invalid := (*SignatureError)(nil); errors.As(err, &invalid) {
		return "", p.errorf(StageVerify, invalid.Code, invalid.Fix, "%w", invalid)
	}
	if err != nil {
		return "", p.errorf(StageVerify, CodeStateDir, "", "%w", err)
	}
	return private, nil
}

// private returns the path of the private copy of the file, or of what was kept of it.
func (l *loading) private(p *Plugin) (private string, failure error) {
	if p.former != nil {
		if !l.copies.has(p.former.SHA256) {
			return "", p.errorf(StageVerify, CodeUnreadable, "put the file back as it was", "the private copy of what was loaded before is gone")
		}
		return l.copies.former(p), nil
	}
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
	return l.copies.take(p, source)
}

// checkSignature checks that of the file, or what was kept of it, and notes it in p.
func (l *loading) checkSignature(p *Plugin, private, signature string) (err error) {
	if p.former == nil || p.former.Signature == nil {
		p.signature, _ = readShort(signature) // what is wrong with it, the next line says
		_, err = VerifySignature(private, signature, l.TrustedKeys)
		return err
	}
	content, err := readSigned(private)
	if err != nil {
		return fmt.Errorf("verify the signature: %w", err)
	}
	p.signature = p.former.Signature
	_, err = verifyText(content, signature, p.signature, l.TrustedKeys)
	return err
}
