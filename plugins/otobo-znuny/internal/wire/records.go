package wire

import (
	"sort"
	"strconv"
	"time"

	"github.com/open-ticket-ai/otai/pkg/api"
)

// Record is a ticket or an article as the server sent it.
type Record map[string]any

func (r Record) Text(key string) string { return Text(r[key]) }

// entity is nil when the record has neither id nor name.
func (r Record) entity(idKey, nameKey string) *api.Entity {
	e := &api.Entity{ID: r.Text(idKey), Name: r.Text(nameKey)}
	if e.Validate() != nil {
		return nil
	}
	return e
}

// Number is a whole number, 0 for anything else.
func (r Record) Number(key string) int64 {
	n, err := strconv.ParseInt(r.Text(key), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// records reads one record or a list of them.
func records(v any) []Record {
	var out []Record
	for _, e := range List(v) {
		if m, ok := e.(map[string]any); ok {
			out = append(out, m)
		}
	}
	return out
}

// Articles are a ticket's articles, oldest first. Updates answer with either
// "Article", one object, or "Articles".
func (r Record) Articles() []Record {
	all := append(records(r["Article"]), records(r["Articles"])...)
	sort.SliceStable(all, func(i, j int) bool { return all[i].Number("ArticleID") < all[j].Number("ArticleID") })
	return all
}

// NewestArticle is the highest article id, 0 without articles.
func (r Record) NewestArticle() int64 {
	var newest int64
	for _, a := range r.Articles() {
		newest = max(newest, a.Number("ArticleID"))
	}
	return newest
}

// DynamicFields are the dynamic fields by name.
func (r Record) DynamicFields() map[string]any {
	fields := make(map[string]any)
	for _, f := range records(r["DynamicField"]) {
		if name := f.Text("Name"); name != "" {
			fields[name] = f["Value"]
		}
	}
	return fields
}

// Time is a time, zero for anything else.
func (r Record) Time(key string, zone *time.Location) time.Time {
	t, _ := ParseTime(r.Text(key), zone)
	return t
}
