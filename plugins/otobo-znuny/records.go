package main

import (
	"sort"
	"strconv"
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// record is a ticket or an article as it was received.
type record map[string]any

func (r record) text(key string) string { return text(r[key]) }

// entity is nil when the record has neither.
func (r record) entity(idKey, nameKey string) *api.Entity {
	e := &api.Entity{ID: r.text(idKey), Name: r.text(nameKey)}
	if e.Validate() != nil {
		return nil
	}
	return e
}

// number is 0 for what is no whole number.
func (r record) number(key string) int64 {
	n, err := strconv.ParseInt(r.text(key), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// records reads one record or a list of them.
func records(v any) []record {
	var out []record
	for _, e := range list(v) {
		if m, ok := e.(map[string]any); ok {
			out = append(out, m)
		}
	}
	return out
}

// articles are a ticket's articles, oldest first. Updates answer with "Article",
// one object, or with "Articles".
func (r record) articles() []record {
	all := append(records(r["Article"]), records(r["Articles"])...)
	sort.SliceStable(all, func(i, j int) bool { return all[i].number("ArticleID") < all[j].number("ArticleID") })
	return all
}

// newestArticle is the highest article id, 0 without articles.
func (r record) newestArticle() int64 {
	var newest int64
	for _, a := range r.articles() {
		newest = max(newest, a.number("ArticleID"))
	}
	return newest
}

// dynamicFields are the dynamic fields by name.
func (r record) dynamicFields() map[string]any {
	fields := make(map[string]any)
	for _, f := range records(r["DynamicField"]) {
		if name := f.text("Name"); name != "" {
			fields[name] = f["Value"]
		}
	}
	return fields
}

// time is zero for what is no time.
func (r record) time(key string, zone *time.Location) time.Time {
	t, _ := parseTime(r.text(key), zone)
	return t
}
