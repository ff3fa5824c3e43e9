package begin

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"path"
	"strconv"
	"strings"

	"github.com/open-ticket-ai/otai/internal/app"
	"github.com/open-ticket-ai/otai/internal/counted"
)

// PasswordVariable is where the password of the help desk's agent is taken from.
const PasswordVariable = "OTAI_OTOBO_ZNUNY_PASSWORD"

// tries is how often a question is asked whose answer can't be used.
const tries = 3

// ask asks until use takes the answer. flag is what answers without a terminal.
func (d *dialog) ask(what, flag string, q Question, use func(answer string) error) error {
	if d.o.Ask == nil {
		return usage("%s is missing, and without a terminal nobody can be asked: give it with %s", what, flag)
	}
	var err error
	for range tries {
		var answer string
		answer, err = d.o.Ask(d.ctx, q)
		switch {
		case errors.Is(err, io.EOF):
			return usage("%s is missing: give it with %s", what, flag)
		case err != nil:
			return app.ExitWith(app.CodeRun, err)
		}
		if answer == "" {
			answer = q.Default
		}
		if answer == "" {
			err = fmt.Errorf("%s is missing: give it with %s", what, flag)
			continue
		}
		if err = use(answer); err == nil || errors.As(err, new(*app.ExitError)) {
			return err
		}
		d.o.Say("%s\n", err)
	}
	return app.ExitWith(app.CodeUsage, err)
}

// script is the program of the help desk that has its web services.
const script = "nph-genericinterface.pl"

// addresses are those at which the help desk may be.
func (d *dialog) addresses() ([]string, error) {
	var found []string
	var open bool
	use := func(answer string) (err error) {
		found, open, err = addressesOf(answer)
		return err
	}
	if d.o.URL != "" {
		if err := use(d.o.URL); err != nil {
			return nil, usage("--url: %w", err)
		}
	} else {
		q := Question{Text: "Address of the help desk, as in your browser"}
		if err := d.ask("the address of the help desk", "--url", q, use); err != nil {
			return nil, err
		}
	}
	if !open || d.o.Insecure {
		return found, nil
	}
	if d.o.Ask == nil {
		return nil, usage("the address begins with http://, so the password and the tickets would cross the network in clear text: write https://, or allow it with --insecure")
	}
	q := Question{Text: "With http:// the password and the tickets cross the network in clear text. Go on? (yes or no)", Default: "no"}
	return found, d.ask("a yes or no", "--insecure", q, func(answer string) error {
		switch strings.ToLower(answer) {
		case "y", "yes":
			return nil
		case "n", "no":
			return usage("nothing was sent: give an address with https://")
		}
		return errors.New("please answer yes or no")
	})
}

// addressesOf makes addresses of a web service's program of what people copy from their
// browser. open is whether they lead to another machine without encryption.
func addressesOf(text string) (found []string, open bool, err error) {
	text = strings.TrimSpace(text)
	if !strings.Contains(text, "://") {
		text = "https://" + text
	}
	u, err := url.Parse(text)
	switch {
	case err != nil: // which quotes the address, and with it a password
		return nil, false, errors.New("this is not an address; write one as in https://desk.example.org/otobo/")
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, false, errors.New("the address must begin with https:// or http://")
	case u.Hostname() == "" || strings.ContainsAny(u.Host, "${}"):
		return nil, false, errors.New("the address names no host; write one as in https://desk.example.org/otobo/")
	case u.User != nil:
		return nil, false, errors.New("the address must not contain a login; the agent is named by --user, the password is asked for")
	}
	ip := net.ParseIP(u.Hostname())
	open = u.Scheme == "http" && u.Hostname() != "localhost" && (ip == nil || !ip.IsLoopback())
	u.RawQuery, u.ForceQuery, u.Fragment, u.RawFragment = "", false, "", ""
	folder := strings.TrimRight(u.Path, "/")
	if before, _, of := strings.Cut(folder, "/"+script); of {
		folder = before
	} else if ext := path.Ext(folder); ext == ".pl" {
		folder = strings.TrimRight(path.Dir(folder), "/")
	}
	folders := []string{folder}
	if folder == "" {
		folders = []string{"/otobo", "/znuny", "/otrs"}
	}
	for _, f := range folders {
		u.Path, u.RawPath = f+"/"+script, ""
		found = append(found, u.String())
	}
	return found, open, nil
}

func (d *dialog) askPassword() (string, error) {
	if given, _ := d.s.Lookup(PasswordVariable); given != "" {
		return given, nil
	}
	var password string
	q := Question{Text: fmt.Sprintf("Password of the agent %s (it isn't shown)", d.agent()), Hidden: true}
	err := d.ask("the password", "the variable "+PasswordVariable, q, func(answer string) error {
		password = answer
		return nil
	})
	return password, err
}

// shownQueues is how many queues a question lists.
const shownQueues = 15

// chooseQueues returns the queues to read from.
func (d *dialog) chooseQueues(s seen) ([]string, error) {
	if len(d.o.Queues) > 0 {
		for _, queue := range d.o.Queues {
			if err := d.checkQueue(queue); err != nil {
				return nil, usage("--queue: %w", err)
			}
		}
		return d.o.Queues, nil
	}
	if d.o.Ask != nil {
		d.o.Say("\nQueues of the %s looked at, those with new tickets first:\n", counted.Of(s.tickets, "ticket", "tickets"))
		for i, queue := range s.queues[:min(len(s.queues), shownQueues)] {
			d.o.Say("%4d  %s\n", i+1, queue)
		}
		if more := len(s.queues) - shownQueues; more > 0 {
			d.o.Say("      and %d more\n", more)
		}
	}
	var chosen string
	q := Question{Text: "Queue that receives new tickets (number or name)"}
	if len(s.queues) > 0 {
		q.Default = s.queues[0]
	}
	err := d.ask("the queue to read from", "--queue", q, func(answer string) error {
		if n, err := strconv.Atoi(answer); err == nil && n >= 1 && n <= min(len(s.queues), shownQueues) {
			answer = s.queues[n-1]
		}
		chosen = answer
		return d.checkQueue(answer)
	})
	return []string{chosen}, err
}

// checkQueue finds out whether the help desk has a queue of this name.
func (d *dialog) checkQueue(queue string) error {
	if why := unusable(queue); why != "" {
		return fmt.Errorf("the queue %q can't stand in a configuration: %s", queue, why)
	}
	for _, f := range d.examine(map[string][]string{"queue": {queue}}) {
		if f["check"] == "queue" && f["subject"] == queue {
			switch f["status"] {
			case statusOK:
				return nil
			case statusFailed:
				return fmt.Errorf("the help desk has no queue %q (upper and lower case count, a sub-queue is written Parent::Child)", queue)
			}
			return errors.New(f["message"])
		}
	}
	return fmt.Errorf("whether there is a queue %q can't be found out", queue)
}
