package decision

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/open-ticket-ai/otai/pkg/api"
)

func TestTables(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"commas":             {"label,queue\nVPN,IT\nBilling,Finance\n", "Billing→Finance, VPN→IT"},
		"semicolons":         {"label;queue;priority\nVPN;IT;4 high\n", "VPN→IT, 4 high"},
		"a byte order mark":  {"\xef\xbb\xbflabel;queue\nStörung;IT\n", "Störung→IT"},
		"CRLF":               {"label,queue\r\nVPN,IT\r\n", "VPN→IT"},
		"no end of line":     {"label,queue\nVPN,IT", "VPN→IT"},
		"spaces and case":    {" Label , Queue \n VPN , IT \n", "VPN→IT"},
		"another order":      {"queue,state,label\nIT,open,VPN\n", "VPN→IT, open"},
		"quotes":             {"label,queue\n\"VPN, remote\",\"IT \"\"A\"\"\"\n", `VPN, remote→IT "A"`},
		"all columns":        {"label,queue,priority,state,type\nVPN,IT,4 high,open,Incident\n", "VPN→IT, 4 high, open, Incident"},
		"a row that leaves":  {"label,queue\nVPN,IT\nOther,\n", "Other→, VPN→IT"},
		"empty lines":        {"\nlabel,queue\n\nVPN,IT\n,\n\n", "VPN→IT"},
		"no rows":            {"label,queue\n", ""},
		"a comma in a queue": {"label;queue\nVPN;IT, first\n", "VPN→IT, first"},
		"a cell in lines":    {"label,queue\n\"VPN\nremote\",IT\nBilling,Finance", "Billing→Finance, VPN\nremote→IT"},
	} {
		t.Run(name, func(t *testing.T) {
			table, err := ReadTable([]byte(c.text))
			if err != nil {
				t.Fatal(err)
			}
			if got := listed(table); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func listed(t Table) string {
	var rows []string
	for _, label := range slices.Sorted(maps.Keys(t.Map)) {
		rows = append(rows, label+"→"+t.Map[label].Short())
	}
	return strings.Join(rows, ", ")
}

func TestMistakesOfATableHaveTheirPlace(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"nothing":             {"", []string{"1:1: the file is empty (its first line names the columns: label,queue)"}},
		"no column of labels": {"queue,prio\nIT,4", []string{"1:1: the column label is missing (its first line names the columns: label,queue)", `1:7: there is no column "prio" (possible: label, queue, priority, state, type)`}},
		"only labels":         {"label\nVPN", []string{"1:1: there is no column beside label (write label,queue)"}},
		"a column twice":      {"label,queue,queue\nVPN,IT,IT", []string{"1:13: the column queue is there twice (remove one of the two)"}},
		"no name of a column": {"label,queue,\nVPN,IT,", []string{`1:13: there is no column "" (possible: label, queue, priority, state, type)`}},
		"all of them": {"label,queue\nVPN,IT,4\n,Rest\nVPN,IT\nVPN,HR\nOne\n", []string{
			"2:8: this row has 3 cells, the first line has 2 (put a text with a separator in it in quotes)", "3:1: the label is missing",
			`5:1: the label "VPN" is there twice: also in line 4 (remove one of the two)`,
			"6:1: this row has 1 cells, the first line has 2 (put a text with a separator in it in quotes)",
		}},
		"columns count characters": {"label,queue\nStörung,IT,x\n", []string{"2:12: this row has 3 cells, the first line has 2 (put a text with a separator in it in quotes)"}},
		"a quote inside, and on":   {"label,queue\nV\"PN,IT\n,HR\n", []string{`2:2: bare " in non-quoted-field (a text with a quote in it is "written ""so""")`, "3:1: the label is missing"}},
		"a quote that isn't ended": {"label,queue\n\"VPN,IT\nHR,HR\n", []string{`3:6: extraneous or missing " in quoted-field (a text with a quote in it is "written ""so""")`}},
		"not UTF-8":                {"label,queue\nSt\xf6rung,IT\n\xff,x\n", []string{"2:3: this is not UTF-8 (save it as CSV in UTF-8)", "3:1: this is not UTF-8 (save it as CSV in UTF-8)"}},
		"UTF-16":                   {"\xff\xfel\x00a\x00", []string{"1:1: the file is in UTF-16 (save it as CSV in UTF-8)"}},
		"a wrong separator":        {"label\tqueue\nVPN\tIT\n", []string{`1:1: there is no column "label\tqueue" (possible: label, queue, priority, state, type)`, "1:1: the column label is missing (its first line names the columns: label,queue)"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ReadTable([]byte(c.text))
			var mistakes Mistakes
			if !errors.As(err, &mistakes) || !errors.Is(err, api.ErrInvalid) {
				t.Fatalf("got %v", err)
			}
			var got []string
			for _, m := range mistakes {
				got = append(got, m.Error())
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func FuzzTable(f *testing.F) {
	for _, seed := range []string{
		"label,queue\nVPN,IT\n", "\xef\xbb\xbflabel;queue\nStörung;IT\n", "label,queue\n\"VPN\nremote\",IT", "label,queue\nV\"PN,IT\n", "label,queue,\n,,\n", "\xff\xfe", "label,queue\r\nVPN,IT\r", "", "\n\n", "label;queue\n\"", "label,queue\nSt\xf6rung,IT",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		table, err := ReadTable(data)
		var mistakes Mistakes
		switch {
		case err == nil:
			for label := range table.Map {
				if place := table.Places[label]; label == "" || strings.TrimSpace(label) != label || place.Line < 1 || place.Column < 1 {
					t.Errorf("the label %q is at %v", label, place)
				}
			}
		case !errors.As(err, &mistakes) || len(mistakes) == 0:
			t.Fatalf("got %v", err)
		}
		lines := strings.Count(string(data), "\n") + 1
		for i, m := range mistakes {
			if m.Line < 1 || m.Line > lines || m.Column < 1 || m.Message == "" || i > 0 && m.Line < mistakes[i-1].Line {
				t.Errorf("a mistake is at %d:%d of %d lines: %q", m.Line, m.Column, lines, m.Message)
			}
		}
	})
}
