package hub

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/modelfile"
)

// Hub brings models onto this machine. It is safe for concurrent use, also by
// several processes on one cache.
type Hub struct {
	cache     Cache
	client    *client
	clientErr error  // why there is no client
	offline   string // the variable that forbids to use the network
	log       *slog.Logger
	pulling   chan struct{} // holds one value while a model is downloaded
}

// Options are for [New].
type Options struct {
	CacheDir string // instead of what the environment says
	Fallback string // folder for the cache where the environment names no place, as in a service without HOME
	Token    string // instead of what the environment or the token file says
	Env      func(name string) (string, bool)
	Redact   func(secret string)
	Log      *slog.Logger

	// For tests; nil is os.Symlink.
	Symlink func(target, path string) error
	Pause   time.Duration // before the first repetition of a request; 0 is half a second
}

// New returns a Hub. It makes no request; what is wrong with the endpoint shows
// when one is needed.
func New(o Options) *Hub {
	env := environment(o.Env)
	if o.Redact == nil {
		o.Redact = func(string) {}
	}
	if o.Pause == 0 {
		o.Pause = time.Second / 2
	}
	h := &Hub{cache: NewCache(o.CacheDir, o.Env), log: o.Log, pulling: make(chan struct{}, 1)}
	h.cache.symlink = o.Symlink
	if h.cache.folder == "" && o.Fallback != "" {
		h.cache.folder = filepath.Join(o.Fallback, "huggingface", "hub")
	}
	for _, name := range []string{"HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"} {
		if env.isTrue(name) {
			h.offline = name
			break
		}
	}
	token := cleanToken(o.Token)
	if token == "" {
		token = env.token()
	}
	if token != "" {
		o.Redact(token)
	}
	h.client, h.clientErr = newClient(env.value("HF_ENDPOINT"), token, newTimeouts(env),
		retryPolicy{first: o.Pause, longest: 120 * o.Pause, tries: 4, waits: h.waits})
	return h
}

// waits says why nothing happens, once that is long enough to be noticed.
func (h *Hub) waits(pause time.Duration, why error) {
	level := slog.LevelDebug
	if pause >= 5*time.Second {
		level = slog.LevelWarn
	}
	h.log.Log(context.Background(), level, "waiting to ask again", "pause", pause.Round(time.Second/10).String(), "err", why.Error())
}

// token is the one of the user: from the environment, else the file that "hf auth
// login" writes.
func (e environment) token() string {
	if e.isTrue("HF_HUB_DISABLE_IMPLICIT_TOKEN") {
		return ""
	}
	for _, name := range []string{"HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"} {
		if t := cleanToken(e.value(name)); t != "" {
			return t
		}
	}
	path := e.path(e.value("HF_TOKEN_PATH"))
	if e.value("HF_TOKEN_PATH") == "" {
		if e.hfHome() == "" {
			return ""
		}
		path = filepath.Join(e.hfHome(), "token")
	}
	text, err := modelfile.ReadWithin(path, modelfile.MaxToken)
	if err != nil {
		return "" // without one, public models still work
	}
	return cleanToken(string(text))
}

// cleanToken takes off the line end that an editor leaves.
func cleanToken(text string) string {
	return strings.TrimSpace(strings.NewReplacer("\r", "", "\n", "").Replace(text))
}

// Close ends idle connections.
func (h *Hub) Close() {
	if h.client != nil {
		h.client.close()
	}
}

// Cache returns the cache that h works on.
func (h *Hub) Cache() Cache { return h.cache }

// Request names a model and how to get it.
type Request struct {
	Name     string // a folder, ORG/NAME or ORG/NAME@REVISION
	Token    string // instead of the Hub's
	Want     Want
	Progress Progress // may be nil; without it a download is logged
}

// Locate returns the folder of a model without a look at whether it is complete.
// It is fast: two system calls for a folder, three for a model in the cache.
// [api.ErrNotFound] means that it isn't on this machine, [api.ErrInvalid] that the
// name can't be one.
func (h *Hub) Locate(name string) (string, error) {
	if folder, ref, err := local(name); folder != "" || err != nil {
		return folder, err
	} else {
		return h.cache.snapshot(ref)
	}
}

// Ensure returns the folder of a model, which it downloads unless it is here and
// complete. No request is made for one that is.
func (h *Hub) Ensure(ctx context.Context, r Request) (string, error) {
	folder, ref, err := local(r.Name)
	if folder != "" || err != nil {
		return folder, err
	}
	folder, absent := h.cache.complete(ref, r.Want)
	if absent == nil || !errors.Is(absent, api.ErrNotFound) {
		return folder, absent
	}
	if h.offline != "" {
		return "", fmt.Errorf("%w. %s forbids to download it: unset that, or copy the model from another machine", absent, h.offline)
	}
	// One at a time. Who waited finds it done.
	select {
	case h.pulling <- struct{}{}:
		defer func() { <-h.pulling }()
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
	if folder, err := h.cache.complete(ref, r.Want); err == nil {
		return folder, nil
	}
	err = h.cache.asOwner(func() (err error) {
		folder, err = h.pull(ctx, ref, r)
		return err
	})
	return folder, err
}

// Missing says why the model called name can't be used without a download, or at all;
// nil is one that can. It looks at which files there are, and makes no request. An
// error that is [api.ErrNotFound] is fixed by having the files.
func (h *Hub) Missing(name string, w Want) error {
	folder, ref, err := local(name)
	if err != nil {
		return err
	}
	if folder == "" {
		_, err = h.cache.complete(ref, w)
		return err
	}
	missing, err := w.missing(folder, nil)
	if err == nil && len(missing) > 0 {
		err = &IncompleteError{Model: name, Folder: folder, Missing: missing}
	}
	return err
}

// Offline is the variable that forbids to use the network; "" is none.
func (h *Hub) Offline() string { return h.offline }

// local answers for a name that is a folder or should be one; for another it
// returns the model.
func local(name string) (folder string, ref Reference, err error) {
	switch {
	case name == "":
		return "", ref, fmt.Errorf("no model is named: set model_name to a model at HuggingFace or to a folder: %w", api.ErrInvalid)
	case isFolder(name):
		folder, err = filepath.Abs(name)
		return folder, ref, err
	case isPath(name):
		return "", ref, fmt.Errorf("there is no folder %s: put the model's files there, or set model_name to another: %w", name, api.ErrNotFound)
	}
	ref, err = ParseReference(name)
	return "", ref, err
}
