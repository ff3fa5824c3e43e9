package plugins

import (
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/open-ticket-ai/otai/internal/plugindev"
)

// keys writes the JSON form of a struct as docs/plugins.md does, without what is
// behind the keys.
func keys(of reflect.Type) string {
	var names []string
	for _, field := range reflect.VisibleFields(of) {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name != "" && name != "-" {
			names = append(names, `"`+name+`"`)
		}
	}
	return strings.Join(names, ",")
}

func TestTheJSONFormsOfThePluginCommandsAreDocumented(t *testing.T) {
	page, err := os.ReadFile("../../../docs/plugins.md")
	if err != nil {
		t.Fatal(err)
	}
	// What holds other things is followed by a colon and brackets on the page.
	text := strings.NewReplacer(":[…]", "", ":{…}", "").Replace(string(page))
	status := keys(reflect.TypeFor[FileStatus]())
	for command, want := range map[string]string{
		"list":          "[{" + status + "}]",
		"inspect":       strings.TrimPrefix(keys(reflect.TypeFor[Details]()), status+",") + ":[{" + strings.Replace(keys(reflect.TypeFor[Offer]()), `"needs"`, `"needs":[{`+keys(reflect.TypeFor[Need]())+"}]", 1) + "}]",
		"check":         "[{" + keys(reflect.TypeFor[CheckResult]()) + ":[{" + keys(reflect.TypeFor[Difference]()) + "}]}]",
		"build":         "{" + strings.Replace(keys(reflect.TypeFor[BuildResult]()), `"taken"`, `"taken":[{`+keys(reflect.TypeFor[plugindev.Taken]())+"}]", 1) + "}",
		"new":           "{" + keys(reflect.TypeFor[Project]()) + "}",
		"report":        `"contents":[{` + keys(reflect.TypeFor[Content]()) + "}]",
		"its deaths":    `"deaths":[{` + keys(reflect.TypeFor[ReportedDeath]()) + "}]",
		"its builds":    "{" + keys(reflect.TypeFor[BuildInfo]()) + "}",
		"its host":      `{"plugin","file","time","host":{` + keys(reflect.TypeFor[HostVersions]()) + ":BUILD}",
		"sign":          "{" + keys(reflect.TypeFor[Signature]()) + "}",
		"with generate": "{" + keys(reflect.TypeFor[KeyPair]()) + "}",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%s: docs/plugins.md lacks %s", command, want)
		}
	}
}
