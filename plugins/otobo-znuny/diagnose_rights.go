package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/open-ticket-ai/otai/plugins/otobo-znuny/internal/wire"
)

// The kinds of names by which a host asks for rights: queues whose tickets are changed, and
// queues that tickets are moved into.
const (
	queuesWorkedIn  = "queue worked in"
	queuesMovedInto = "queue moved into"
)

const rightToChange, rightToMove = "right to change tickets", "right to move tickets"

// maxRights bounds how many queues are looked at for rights.
const maxRights = 50

// server is the kind of a help desk, as far as rights are concerned.
type server int

const (
	serverUnknown server = iota
	serverZnuny          // or OTRS: wants rw before any change
	serverOTOBO          // wants ro, and the right for each change
)

// rights examines what the agent may do in the queues that the host names, without changing
// a ticket. Where it names none, the report says what can't be known. Queues that there
// aren't are left out.
func (d diagnosis) rights(ctx context.Context, kind server, named map[string][]string, missing []string) {
	worked, moved := queueNames(named[queuesWorkedIn], missing), queueNames(named[queuesMovedInto], missing)
	if len(named[queuesWorkedIn]) == 0 && len(named[queuesMovedInto]) == 0 {
		d.report(rightToChange, "unknown", "can't be determined without changing one",
			fmt.Sprintf("in the help desk: Admin, Agents <-> Groups (or Roles <-> Groups): the agent %q needs rw on the groups of the queues it works in, and rw and move_into on those of the queues it moves to (OTOBO: ro, move_into, priority and note are enough); with ro and move_into alone, Znuny moves a ticket and refuses what comes behind the move: its note may be missing, and after three such tickets otai moves no further one", d.s.client.Username()))
		return
	}
	for _, queue := range worked[:min(len(worked), maxRights)] {
		switch right, why := d.mayChange(ctx, kind, queue); right {
		case granted:
			d.reportOn(queue, rightToChange, "ok", fmt.Sprintf("the agent has rw on the queue %q", queue), "")
		case refused:
			d.reportOn(queue, rightToChange, "failed", fmt.Sprintf("the agent may not change tickets of the queue %q, nor add a note to them", queue), d.grant(kind, []string{queue}, false))
		default:
			d.reportOn(queue, rightToChange, "unknown", fmt.Sprintf("whether the agent may change tickets of the queue %q can't be determined: %s", queue, why), d.grant(kind, []string{queue}, false))
		}
	}
	var allowed, unknown []string
	for i, queue := range moved {
		right := undetermined
		if i < maxRights {
			right, _ = d.mayChange(ctx, kind, queue)
		}
		if right == granted { // rw includes move_into
			allowed = append(allowed, queue)
		} else {
			unknown = append(unknown, queue)
		}
	}
	if len(allowed) > 0 {
		d.report(rightToMove, "ok", "the agent has rw, and so move_into, on "+quotedNames(allowed), "")
	}
	if len(unknown) > 0 {
		d.report(rightToMove, "unknown", "whether tickets may be moved into these can't be determined without moving one: "+quotedNames(unknown), d.grant(kind, unknown, true))
	}
}

// queueNames are the names that a search can ask for.
func queueNames(list, missing []string) []string {
	return slices.DeleteFunc(slices.Compact(slices.Sorted(slices.Values(list))), func(name string) bool {
		return isTemplate(name) || slices.Contains(missing, name)
	})
}

func quotedNames(names []string) string {
	const shown = 10
	quoted := make([]string, min(len(names), shown))
	for i := range quoted {
		quoted[i] = strconv.Quote(names[i])
	}
	text := strings.Join(quoted, ", ")
	if more := len(names) - shown; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// right is what is known of a right.
type right int

const (
	undetermined right = iota
	granted
	refused
)

// mayChange asks for a change of a ticket in the queue that no help desk carries out: its
// Ticket is empty, which is refused as a parameter. Znuny and OTRS look at rw before that,
// OTOBO at ro; what each change needs beyond it, OTOBO looks at with the change itself.
func (d diagnosis) mayChange(ctx context.Context, kind server, queue string) (what right, why string) {
	found, err := d.s.searchIDs(ctx, wire.Message{"Queues": []string{queue}}, 1)
	if err != nil {
		return undetermined, err.Error()
	}
	if len(found) == 0 {
		return undetermined, "it sees no ticket there"
	}
	_, err = d.s.client.Call(ctx, wire.TicketUpdate, found[0], wire.Message{"TicketID": found[0], "Ticket": map[string]any{}})
	switch {
	case errors.Is(err, wire.ErrNoAccess):
		return refused, ""
	case errors.Is(err, wire.ErrInvalidParameter) && kind == serverZnuny:
		return granted, ""
	case errors.Is(err, wire.ErrInvalidParameter):
		return undetermined, "it may read them, and this help desk looks at the right for a change only when there is one"
	case err != nil:
		return undetermined, err.Error()
	}
	return undetermined, "the help desk has an answer of its own for a change without content"
}

// grant says which commands give the rights on the groups of these queues.
func (d diagnosis) grant(kind server, queues []string, target bool) string {
	type desk struct {
		name, console string
		rights        []string
	}
	znuny, otobo := desk{"Znuny, OTRS", "bin/otrs.Console.pl", []string{"ro", "rw"}}, desk{"OTOBO", "bin/otobo.Console.pl", []string{"ro", "note", "priority"}}
	if target {
		znuny.rights, otobo.rights = []string{"ro", "move_into", "rw"}, []string{"ro", "move_into", "note", "priority"}
	}
	desks := []desk{znuny, otobo}
	switch kind {
	case serverZnuny:
		desks = desks[:1]
	case serverOTOBO:
		desks = desks[1:]
	}
	var b strings.Builder
	fmt.Fprintf(&b, "in a shell on the help desk's machine, as its user and in its folder; GROUP is the group of the queue (Admin, Queues), here of %s, and the first and the last command are needed once:", quotedNames(queues))
	for _, desk := range desks {
		if len(desks) > 1 {
			fmt.Fprintf(&b, "\n%s:", desk.name)
		}
		fmt.Fprintf(&b, "\n%[1]s Admin::Role::Add --name otai\n%[1]s Admin::Group::RoleLink --role-name otai --group-name GROUP", desk.console)
		for _, r := range desk.rights {
			b.WriteString(" --permission " + r)
		}
		fmt.Fprintf(&b, "\n%s Admin::Role::UserLink --role-name otai --user-name %s", desk.console, shellWord(d.s.client.Username()))
	}
	return b.String()
}

// shellWord is a text that a shell reads as one word.
func shellWord(text string) string {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.@"
	if text != "" && strings.Trim(text, plain) == "" {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}
