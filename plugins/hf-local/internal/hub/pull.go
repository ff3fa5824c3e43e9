package hub

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
	"github.com/open-ticket-ai/otai/plugins/hf-local/internal/modelfile"
)

// Pull asks the server for the newest commit of a model and downloads what of it
// isn't here. With repair, blobs that are here and damaged are downloaded again. A
// folder is returned as it is.
func (h *Hub) Pull(ctx context.Context, r Request, repair bool) (string, error) {
	folder, ref, err := local(r.Name)
	if folder != "" || err != nil {
		return folder, err
	}
	if h.offline != "" {
		return "", fmt.Errorf("%s forbids to ask for the model %s; unset it to download: %w", h.offline, ref, api.ErrInvalid)
	}
	select {
	case h.pulling <- struct{}{}:
		defer func() { <-h.pulling }()
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
	err = h.cache.asOwner(func() (err error) {
		if repair {
			if err := h.dropDamaged(ctx, ref, r.Progress); err != nil {
				return err
			}
		}
		folder, err = h.pull(ctx, ref, r)
		return err
	})
	return folder, err
}

// pull downloads what a classifier needs of a model. refs/REVISION is written
// last, so that the revision which was complete before stays in use until the new
// one is.
func (h *Hub) pull(ctx context.Context, ref Reference, r Request) (string, error) {
	if h.clientErr != nil {
		return "", h.clientErr
	}
	if h.cache.folder == "" {
		return "", errNoCache
	}
	client := h.client.withToken(cleanToken(r.Token))
	m, err := client.model(ctx, ref)
	if err != nil {
		return "", err
	}
	c, err := r.Want.choose(ref, m.Files)
	if err != nil {
		return "", err
	}
	d := &download{client: client, cache: h.cache, ref: ref, progress: r.Progress, waits: func(file string) {
		h.log.Warn("another process downloads the same; waiting for it", "model", ref.String(), "file", file)
	}}
	for _, file := range c.settings {
		if err := d.file(ctx, m.Commit, file); err != nil {
			return "", err
		}
	}
	folder := filepath.Join(h.cache.model(ref.Name), "snapshots", m.Commit)
	if c.index != "" {
		if c.weights, err = readShards(filepath.Join(folder, c.index)); err != nil {
			return "", err
		}
	}
	if err := h.weights(ctx, d, m.Commit, c.weights); err != nil {
		return "", err
	}
	if err := h.cache.setRef(ref, m.Commit); err != nil {
		return "", diskError(subject{ref: ref}, h.cache.folder, 0, err)
	}
	return folder, nil
}

// file brings one file into the snapshot.
func (d *download) file(ctx context.Context, commit, file string) error {
	m, err := d.client.metadata(ctx, d.ref, commit, file)
	if err != nil {
		return err
	}
	if bound, ok := modelfile.Bound(file); ok && m.Size > bound {
		return fmt.Errorf("%s of the model %s has %d bytes at the server, more than the %d that such a file can have. Nothing of it was downloaded: %w",
			file, d.ref, m.Size, bound, api.ErrInvalid)
	}
	return d.place(ctx, commit, file, m)
}

func (d *download) place(ctx context.Context, commit, file string, m metadata) error {
	if d.cache.isMoved(d.ref, commit, file, m.Size) {
		return nil
	}
	if err := d.blob(ctx, file, m); err != nil {
		return err
	}
	if err := d.cache.link(d.ref, commit, file, m.ETag); err != nil {
		return diskError(subject{ref: d.ref, file: file}, d.cache.folder, 0, err)
	}
	return nil
}

// weights downloads the large files, of which a log says how large they are.
func (h *Hub) weights(ctx context.Context, d *download, commit string, files []string) error {
	all := make([]metadata, len(files))
	var missing int64
	for i, file := range files {
		var err error
		if all[i], err = d.client.metadata(ctx, d.ref, commit, file); err != nil {
			return err
		}
		if !isFile(filepath.Join(h.cache.model(d.ref.Name), "blobs", all[i].ETag)) && !h.cache.isMoved(d.ref, commit, file, all[i].Size) {
			missing += max(all[i].Size, 0)
		}
	}
	if missing > 0 && d.progress == nil {
		h.log.Info("downloading a model", "model", d.ref.String(), "commit", commit, "size", size(missing), "into", h.cache.folder)
	}
	begun := time.Now()
	for i, file := range files {
		if err := d.place(ctx, commit, file, all[i]); err != nil {
			return err
		}
	}
	if missing > 0 && d.progress == nil {
		h.log.Debug("model downloaded", "model", d.ref.String(), "seconds", time.Since(begun).Seconds())
	}
	return nil
}

// dropDamaged removes the blobs of a model that are not what their names say.
func (h *Hub) dropDamaged(ctx context.Context, ref Reference, progress Progress) error {
	folder, err := h.cache.snapshot(ref)
	if err != nil {
		return nil // there is nothing to repair
	}
	checks, err := checkFolder(ctx, folder, progress)
	if err != nil {
		return err
	}
	for _, c := range checks {
		if c.State == Damaged && c.blob != "" { // without one, the place gets the downloaded file anyway
			if err := remove(c.blob); err != nil {
				return fmt.Errorf("removing the damaged %s: %w", c.blob, err)
			}
		}
	}
	return nil
}
