package jinja

import (
	"context"
	"testing"
)

var benchmarked = map[string]string{
	"item":        "{{ get_pipe_result('fetch','fetched_tickets')[0]['id'] }}",
	"conditional": "{{ get_pipe_result('classify','label') if get_pipe_result('classify','confidence') >= 0.8 else 'Unclassified' }}",
	"text":        "Queue {{ get_pipe_result('classify','label') }} (confidence: {{ get_pipe_result('classify','confidence') | round(2) }}).",
	"loop":        "{% for t in get_pipe_result('fetch','fetched_tickets') %}{{ t.id }}: {{ t.subject }}{{ ', ' if not loop.last }}{% endfor %}",
	"plain":       "OpenTicketAI::Incoming",
}

func BenchmarkCached(b *testing.B) {
	_, r, scope := suiteRenderer(b)
	for name, source := range benchmarked {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				parsed, err := r.Parse(source)
				if err != nil {
					b.Fatal(err)
				}
				if _, err := parsed.Render(context.Background(), scope); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkParseAndRender(b *testing.B) {
	_, r, scope := suiteRenderer(b)
	for name, source := range benchmarked {
		if !HasTemplate(source) {
			continue
		}
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				parsed, err := r.compile(source)
				if err != nil {
					b.Fatal(err)
				}
				if _, err := parsed.Render(context.Background(), scope); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
