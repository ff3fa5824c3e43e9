package helpdesk

import (
	_ "embed"
	"html/template"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

//go:embed page.html
var pageSource string

// pages are the two pages: "list" and "ticket".
var pages = template.Must(template.New("pages").Funcs(template.FuncMap{
	"clock": func(t time.Time) string { return t.UTC().Format("02 Jan 15:04:05") },
	"notes": notes,
}).Parse(pageSource))

// notes counts the articles of agents.
func notes(t Ticket) int {
	count := 0
	for _, a := range t.Articles {
		if a.SenderType == "agent" {
			count++
		}
	}
	return count
}

// servePage shows all tickets or one; false means that there is no such page.
func (s *Server) servePage(w http.ResponseWriter, r *http.Request) bool {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return false
	}
	if r.URL.Path == "/" {
		tickets := s.Tickets()
		slices.Reverse(tickets)
		return s.writePage(w, "list", struct {
			Mode    Mode
			Path    string
			Tickets []Ticket
		}{s.mode, s.BasePath(), tickets})
	}
	number, ok := strings.CutPrefix(r.URL.Path, "/tickets/")
	if !ok {
		return false
	}
	id, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return false
	}
	t, ok := s.Ticket(id)
	return ok && s.writePage(w, "ticket", t)
}

func (s *Server) writePage(w http.ResponseWriter, name string, data any) bool {
	var out strings.Builder
	if err := pages.ExecuteTemplate(&out, name, data); err != nil {
		s.log.Error("show a page", "page", name, "err", err)
		return false
	}
	header := w.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	// Strangers write the tickets: should an escape ever be missing, nothing in them is loaded or run.
	header.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Cache-Control", "no-store")
	w.Write([]byte(out.String())) // an error means that the reader is gone
	return true
}

func notFound(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/html")
	w.WriteHeader(http.StatusNotFound)
	w.Write([]byte(notFoundPage)) // an error means that the reader is gone
}

const notFoundPage = `<!DOCTYPE html>
<html lang="en"><head><title>404 Not Found</title></head><body><h1>Nothing is here</h1><p><a href="/">All tickets</a></p></body></html>
`
