package wire

import (
	"errors"
	"strings"
	"testing"

	"github.com/open-ticket-ai/otai/pkg/api"
)

func TestRecordedRejectionsAreTypedAndSayWhatToCheck(t *testing.T) {
	type want struct {
		op     Operation
		is     []error
		effect Effect
		says   string
	}
	for name, w := range map[string]want{
		"znuny/get-missing":                  {TicketGet, []error{api.ErrNotFound, api.ErrDenied}, NoEffect, "right ro"},
		"otobo/get-missing":                  {TicketGet, []error{api.ErrNotFound, api.ErrDenied}, NoEffect, "right ro"},
		"znuny/get-batch-one-missing":        {TicketGet, []error{api.ErrNotFound}, NoEffect, ""},
		"znuny/get-not-a-number":             {TicketGet, []error{api.ErrInvalid}, NoEffect, ""},
		"otobo/get-not-a-number":             {TicketGet, []error{api.ErrNotFound}, NoEffect, ""},
		"znuny/get-id-zero":                  {TicketGet, []error{api.ErrInvalid}, NoEffect, ""},
		"znuny/get-wrong-password":           {TicketGet, []error{api.ErrDenied}, NoEffect, PasswordVariable},
		"otobo/get-wrong-password":           {TicketGet, []error{api.ErrDenied}, NoEffect, `"open_ticket_ai"`},
		"znuny/update-wrong-password":        {TicketUpdate, []error{api.ErrDenied}, NoEffect, "password"},
		"znuny/update-missing-ticket":        {TicketUpdate, []error{api.ErrNotFound, api.ErrDenied}, NoEffect, "right rw"},
		"znuny/update-invalid-queue":         {TicketUpdate, []error{api.ErrInvalid}, NoEffect, "queue: "},
		"otobo/update-invalid-queue":         {TicketUpdate, []error{api.ErrInvalid}, NoEffect, "queue: "},
		"znuny/update-invalid-priority":      {TicketUpdate, []error{api.ErrInvalid}, NoEffect, "priority: "},
		"znuny/update-owner-unknown":         {TicketUpdate, []error{api.ErrInvalid}, NoEffect, "owner: "},
		"znuny/update-dynfield-unknown":      {TicketUpdate, []error{api.ErrInvalid}, NoEffect, "dynamic field"},
		"znuny/update-note-no-subject":       {TicketUpdate, []error{api.ErrInvalid}, NoEffect, "note.subject"},
		"znuny/update-state-pending-no-time": {TicketUpdate, []error{api.ErrInvalid}, Answered, "PendingTime"},
		"znuny/update-to-secret-queue":       {TicketUpdate, []error{api.ErrDenied}, Answered, "move_into"},
		"otobo/update-secret-queue":          {TicketUpdate, []error{api.ErrDenied}, Answered, "move_into"},
		"otobo/update-note-array":            {TicketUpdate, []error{api.ErrInvalid}, NoEffect, ""},
		"znuny/long-subject":                 {TicketUpdate, []error{api.ErrTemporary}, Answered, "Article could not be created"},
		"znuny/long-title":                   {TicketUpdate, []error{api.ErrTemporary}, Answered, "System Log"},
		"znuny/create-no-customer":           {TicketCreate, []error{api.ErrInvalid}, NoEffect, "customer: is missing"},
		"znuny/create-secret-queue":          {TicketCreate, []error{api.ErrDenied}, NoEffect, "right create"},
		"znuny/bad-json":                     {TicketGet, []error{api.ErrInvalid}, NoEffect, "decoding"},
		"znuny/invalid-utf8":                 {TicketSearch, []error{api.ErrInvalid}, NoEffect, "input data"},
		"znuny/empty-object":                 {TicketGet, []error{api.ErrInvalid}, NoEffect, "structure"},
		"znuny/unknown-route":                {TicketGet, []error{api.ErrInvalid}, NoEffect, "operation_urls"},
		"otobo/unknown-route":                {TicketGet, []error{api.ErrInvalid}, NoEffect, "operation_urls"},
		"znuny/maxlength-exceeded":           {TicketUpdate, []error{api.ErrInvalid}, NoEffect, "MaxLength"},
		"otobo/too-big":                      {TicketUpdate, []error{api.ErrInvalid}, NoEffect, "MaxLength"},
		"otobo/wrong-path":                   {TicketGet, []error{api.ErrInvalid}, NoEffect, "base_url"},
		"znuny/unknown-webservice":           {TicketGet, []error{api.ErrTemporary}, Unknown, "webservice_name"},
		"otobo/unknown-webservice":           {TicketGet, []error{api.ErrTemporary}, Unknown, "webservice_name"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := connectToRecorded(t, name).Call(t.Context(), w.op, "63", Message{})
			for _, kind := range []error{api.ErrNotFound, api.ErrDenied, api.ErrInvalid, api.ErrTemporary, api.ErrUncertain} {
				wanted := false
				for _, k := range w.is {
					wanted = wanted || k == kind
				}
				if name == "znuny/get-batch-one-missing" || name == "otobo/get-not-a-number" {
					wanted = wanted || kind == api.ErrDenied
				}
				if errors.Is(err, kind) != wanted {
					t.Errorf("is %v: %v", kind, !wanted)
				}
			}
			if EffectOf(err) != w.effect {
				t.Errorf("effect is %d, want %d", EffectOf(err), w.effect)
			}
			if err == nil || !strings.Contains(err.Error(), w.says) || strings.Contains(err.Error(), "geheim") {
				t.Errorf("error is %v, want one that says %q", err, w.says)
			}
		})
	}
}

func TestEveryKindOfRejectionIsTyped(t *testing.T) {
	kinds := []error{ErrAuthentication, ErrNoAccess, ErrInvalidParameter, ErrTooLarge, ErrServerError, ErrProtocol, ErrUnavailable, ErrUnknownWebService}
	for name, want := range map[string]error{
		"znuny/get-wrong-password": ErrAuthentication, "znuny/update-wrong-password": ErrAuthentication, "otobo/get-wrong-password": ErrAuthentication,
		"znuny/get-missing": ErrNoAccess, "otobo/get-missing": ErrNoAccess, "znuny/update-missing-ticket": ErrNoAccess,
		"znuny/update-invalid-queue": ErrInvalidParameter, "otobo/update-invalid-queue": ErrInvalidParameter, "znuny/update-dynfield-unknown": ErrInvalidParameter,
		"znuny/maxlength-exceeded": ErrTooLarge, "otobo/too-big": ErrTooLarge,
		"znuny/long-subject": ErrServerError, "otobo/update-secret-queue": ErrServerError,
		"znuny/bad-json": ErrProtocol, "otobo/unknown-route": ErrProtocol, "otobo/wrong-path": ErrProtocol,
		"znuny/unknown-webservice": ErrUnknownWebService, "otobo/unknown-webservice": ErrUnknownWebService,
	} {
		_, err := connectToRecorded(t, name).Call(t.Context(), TicketUpdate, "63", Message{})
		for _, kind := range kinds {
			also := name == "znuny/unknown-webservice" && kind == ErrUnavailable // nobody can distinguish the two
			if got := errors.Is(err, kind); got != (kind == want || also) {
				t.Errorf("%s: is %q: %v: %v", name, kind, got, err)
			}
		}
		if err == nil || !strings.Contains(err.Error(), ":") {
			t.Errorf("%s: %v says too little", name, err)
		}
	}
}
