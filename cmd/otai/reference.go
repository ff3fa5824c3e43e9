package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/open-ticket-ai/otai/internal/app/plugins"
)

// showReference writes Markdown: what docs/configuration.md has of the bundled
// plugins.
func showReference(out io.Writer, offers []plugins.Offer) error {
	var b strings.Builder
	for _, kind := range []struct{ name, title string }{{"service", "Services"}, {"pipe", "Pipes"}} {
		fmt.Fprintf(&b, "## %s\n", kind.title)
		for _, o := range offers {
			if o.Kind == kind.name {
				referenceOf(&b, o)
			}
		}
		b.WriteByte('\n')
	}
	_, err := io.WriteString(out, strings.TrimRight(b.String(), "\n")+"\n")
	return err
}

func referenceOf(b *strings.Builder, o plugins.Offer) {
	fmt.Fprintf(b, "\n### `%s`\n\n%s\n", o.Name, o.Doc)
	if len(o.Needs) > 0 {
		b.WriteString("\n| `injects` | a service that is | |\n| --- | --- | --- |\n")
		for _, n := range o.Needs {
			optional := ""
			if n.Optional {
				optional = "optional"
			}
			fmt.Fprintf(b, "| `%s` | %s | %s |\n", n.Name, n.Is, optional)
		}
	}
	if len(o.Params) > 0 {
		b.WriteString("\n| param | type | default | |\n| --- | --- | --- | --- |\n")
		for _, p := range o.Params {
			value := p.Default
			if value != "" && value != "required" {
				value = "`" + value + "`"
			}
			fmt.Fprintf(b, "| `%s` | %s | %s | %s |\n", p.Path, p.Type, value, cell(p.Doc))
		}
	}
	for _, of := range []string{"search", "update", "note"} {
		if names, ok := o.Labels[of+"-fields"]; ok {
			article := "a"
			if of == "update" {
				article = "an"
			}
			fmt.Fprintf(b, "\nThe `fields` of %s %s are `%s`.\n", article, of, strings.Join(strings.Split(names, ","), "`, `"))
		}
	}
	if yields, ok := o.Labels["yields"]; ok {
		fmt.Fprintf(b, "\n%s\n", yieldsText(yields))
	}
}

func cell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }

func yieldsText(keys string) string {
	switch keys {
	case "":
		return "Its result has no data."
	case "*":
		return "Its result has the data of all its steps; of one key in two of them, the later one's."
	}
	names := strings.Split(keys, ",")
	for i, name := range names {
		names[i], _, _ = strings.Cut(name, ":") // which is followed by the kind of its values
	}
	return "Its result has `" + strings.Join(names, "`, `") + "`."
}
