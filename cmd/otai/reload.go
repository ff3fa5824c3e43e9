package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/open-ticket-ai/otai/internal/app"
	"github.com/open-ticket-ai/otai/internal/doors"
	"github.com/open-ticket-ai/otai/internal/supervise"
	"github.com/open-ticket-ai/otai/internal/systemd"
)

func (c *command) newReload() *cobra.Command {
	var wait, binary, deep bool
	cmd := &cobra.Command{
		Use:   "reload",
		Short: "Have the otai that runs take the changed configuration, plugins and binary",
		Long: `Asks the otai run that works on this state folder to read its configuration and its
plugins anew, as SIGHUP does: in another worker process, of the binary that is there now,
which takes over only when all is right. If anything is wrong, what runs goes on as before.

With --wait the command ends when that has happened, with exit code 1 and the reason
where nothing was changed. With --deep, which waits, too, the new process also asks the
help desks and models what otai doctor asks them, read-only, and takes over only if
nothing failed. It needs the state folder of that otai: its user or root, and
--state-dir if it has another than yours.`,
		Example: `  otai reload --wait
  otai reload --wait --state-dir /var/lib/otai
  otai reload --deep         where the help desk was changed, too
  otai reload --binary       after an update, where perhaps nothing runs`,
		Args: arguments(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			out := cmd.OutOrStdout()
			became, err := c.askReload(cmd.Context(), wait || deep, deep)
			switch {
			case binary && errors.Is(err, doors.ErrNobody):
				_, err = show(out, "No otai runs on this state folder, so there is nothing to reload.\n")
				return err
			case err != nil:
				return app.ExitWith(app.CodeRun, err)
			case !wait && !deep:
				_, err = show(out, "The reload has been asked for; its log line and otai status say what becomes of it.\n")
				return err
			case !became.OK:
				err := fmt.Errorf("nothing was changed: %s", became.Reason)
				if systemd.Journal(os.Stderr, os.Getenv(systemd.JournalVariable)) {
					err = shownError{err} // as ExecReload=: the journal has it from the service
				}
				return app.ExitWith(app.CodeRun, err)
			}
			text := "The configuration was reloaded."
			switch {
			case became.Deep:
				text = "The configuration was reloaded; the checks of the help desks and models had failed nowhere."
			case deep:
				text += " The help desks and models were not asked before: no worker process was at work, so a new one began at once. Use otai doctor."
			}
			_, err = show(out, "%s\n", text)
			return err
		},
	}
	cmd.Flags().BoolVar(&wait, "wait", false, "wait until it has happened; exit code 1 if nothing was changed")
	cmd.Flags().BoolVar(&deep, "deep", false, "ask the help desks and models before, as otai doctor does, and wait; nothing is changed if a check fails")
	cmd.Flags().BoolVar(&binary, "binary", false, "after an update: succeed where no otai runs, too")
	return cmd
}

func (c *command) askReload(ctx context.Context, wait, deep bool) (became supervise.ReloadOutcome, err error) {
	dir, err := c.settings.StateFolder()
	if err != nil {
		return became, err
	}
	query := url.Values{}
	if wait {
		query.Set("wait", "1")
	}
	if deep {
		query.Set("deep", "1")
	}
	answer, status, err := doors.Dial(dir).Post(ctx, "/reload", query)
	switch {
	case errors.Is(err, doors.ErrNobody):
		return became, fmt.Errorf("%w: %s; give that of the one you mean with --state-dir", doors.ErrNobody, dir)
	case err != nil:
		return became, fmt.Errorf("the otai on the state folder %s gives no answer: %w", dir, err)
	case status == http.StatusAccepted:
		return became, nil
	case status != http.StatusOK:
		return became, fmt.Errorf("the otai on the state folder %s can't be reloaded at this moment (it answers %d): try it again", dir, status)
	}
	if err := json.Unmarshal(answer, &became); err != nil {
		return became, fmt.Errorf("the answer can't be read, perhaps because it is of another release: %w", err)
	}
	return became, nil
}

// reloadPatience is how long the supervisor may take to hear of a reload.
const reloadPatience = 10 * time.Second

// reloader passes what is asked for at the socket to the supervisor.
func reloader(reloads chan<- supervise.Reload) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = http.NewResponseController(w).SetReadDeadline(time.Time{}) // to wait may take long
		done := make(chan supervise.ReloadOutcome, 1)
		select {
		case reloads <- supervise.Reload{Deep: r.URL.Query().Get("deep") != "", Done: func(o supervise.ReloadOutcome) { done <- o }}:
		case <-r.Context().Done():
			return
		case <-time.After(reloadPatience):
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		if r.URL.Query().Get("wait") == "" {
			w.WriteHeader(http.StatusAccepted)
			return
		}
		select {
		case became := <-done:
			w.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(w).Encode(became) // who asks has gone
		case <-r.Context().Done():
		}
	})
}
