package main_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"
)

// scrape asks for the metrics by the socket.
func scrape(t testing.TB, state string) string {
	t.Helper()
	client := http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", filepath.Join(state, "otai.sock"))
	}}}
	response, err := client.Get("http://otai/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%d, %v", response.StatusCode, err)
	}
	return string(content)
}

// exposed is a text in the format of Prometheus.
type exposed struct {
	kinds  map[string]string  // of metrics, by name
	series map[string]float64 // values, by name and labels as they are written
	names  map[string]string  // of the metric that a series is of
}

var (
	sampleLine = regexp.MustCompile(`^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{(?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*",?)+\})? (\S+)$`)
	aboutLine  = regexp.MustCompile(`^# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)$`)
)

// readExposed holds the text to its format: help, kind, series of one metric, and the rules for
// names and histograms.
func readExposed(t *testing.T, text string) exposed {
	t.Helper()
	e := exposed{kinds: map[string]string{}, series: map[string]float64{}, names: map[string]string{}}
	if !strings.HasSuffix(text, "\n") {
		t.Error("the last line has no end")
	}
	name, helped := "", ""
	last, count := map[string]float64{}, map[string]float64{} // of histograms, without le
	for lines := bufio.NewScanner(strings.NewReader(text)); lines.Scan(); {
		line := lines.Text()
		if about := aboutLine.FindStringSubmatch(line); about != nil {
			if about[1] == "HELP" {
				helped = about[2]
				continue
			}
			name = about[2]
			if helped != name || e.kinds[name] != "" || !slices.Contains([]string{"counter", "gauge", "histogram"}, about[3]) {
				t.Errorf("%s: help %s, kind before %q", line, helped, e.kinds[name])
			}
			e.kinds[name] = about[3]
			if (about[3] == "counter") != strings.HasSuffix(name, "_total") || about[3] == "histogram" && strings.HasSuffix(name, "_count") {
				t.Errorf("a %s is called %s", about[3], name)
			}
			continue
		}
		sample := sampleLine.FindStringSubmatch(line)
		if sample == nil {
			t.Errorf("not of the format: %s", line)
			continue
		}
		value, err := strconv.ParseFloat(sample[3], 64)
		if err != nil {
			t.Error(err)
		}
		of := sample[1]
		if e.kinds[name] == "histogram" {
			of = strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(of, "_bucket"), "_sum"), "_count")
			labels, bound, _ := strings.Cut(strings.Trim(sample[2], "{}"), `le="`)
			key := name + strings.TrimSuffix(labels, ",")
			switch {
			case strings.HasSuffix(sample[1], "_bucket"):
				if value < last[key] {
					t.Errorf("a bucket has less than the one before: %s", line)
				}
				if last[key] = value; bound == `+Inf"` {
					count[key] = value
				}
			case strings.HasSuffix(sample[1], "_count") && count[key] != value:
				t.Errorf("the last bucket has %v: %s", count[key], line)
			}
		}
		if of != name {
			t.Errorf("behind the kind of %s: %s", name, line)
		}
		if _, twice := e.series[sample[1]+sample[2]]; twice {
			t.Errorf("twice: %s", line)
		}
		e.series[sample[1]+sample[2]], e.names[sample[1]+sample[2]] = value, name
	}
	return e
}

var (
	metricName = regexp.MustCompile(`\b(?:otai|go)_[a-z0-9_]+`)
	pluginFile = regexp.MustCompile(`\botai_[a-z0-9_]+\.so\b`)
)

// metricsIn are the metrics that a text names; those of histograms by their own names.
func metricsIn(text string, kinds map[string]string) []string {
	found := map[string]bool{}
	for _, name := range metricName.FindAllString(pluginFile.ReplaceAllString(text, ""), -1) {
		for _, suffix := range []string{"_bucket", "_sum", "_count"} {
			if base := strings.TrimSuffix(name, suffix); kinds[base] == "histogram" {
				name = base
			}
		}
		found[name] = true
	}
	return slices.Sorted(maps.Keys(found))
}

func monitoring(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(product.root, "build", "monitoring", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

type rules struct {
	Groups []struct {
		Rules []struct {
			Alert, Expr         string
			Labels, Annotations map[string]string
		}
	}
}

// promtool is Prometheus's own tool, if it is there; else the test is skipped.
func promtool(t *testing.T, stdin string, args ...string) string {
	t.Helper()
	program := os.Getenv("OTAI_TEST_PROMTOOL")
	if program == "" {
		var err error
		if program, err = exec.LookPath("promtool"); err != nil {
			t.Skip("there is no promtool: install Debian's package prometheus, or name the program in OTAI_TEST_PROMTOOL")
		}
	}
	cmd := newCommand(program, args...)
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("promtool %v: %v\n%s", args, err, out)
	}
	return string(out)
}

// classifying is a service that works with the demonstration's model, too.
const classifying = `
- id: classify
  use: base:ClassificationPipe
  injects: { classification_service: models }
  params: { text: "{{ get_pipe_result('ticket').subject }}", model_name: MODEL }
`

func classifyingConfig() string {
	model := filepath.Join(product.root, "examples", "demo", "models", "queue")
	return rowConfig(1, "timeout: PT2S", strings.Replace(classifying, "MODEL", model, 1)+priorityStep) +
		"  models: { use: hf-local:HFClassificationService, params: { preload: [" + model + "] } }\n"
}

// What the binary says is what Prometheus, the alerts, the dashboard and docs/monitoring.md expect.
func TestMetricsAreWhatOthersExpect(t *testing.T) {
	t.Parallel()
	w := newWitness(t)
	env := w.environment()
	w.addMany(3, "I have forgotten my password and can't log in")
	l := live(t, env, "run", "-c", writeFile(t, classifyingConfig()))
	wantMetrics(t, stateOf(env), `otai_tickets{runner="sort",standing="handled"} 3`, `otai_classified_texts_total{service="models",outcome="ok"} 3`, `otai_configuration_current 1`)
	text := scrape(t, stateOf(env))
	l.end(t)
	said := readExposed(t, text)
	loads := slices.ContainsFunc(slices.Collect(maps.Keys(said.series)), func(s string) bool {
		return strings.HasPrefix(s, `otai_model_load_duration_seconds{service="models",model="`) && said.series[s] > 0
	})
	if starts := said.series[`otai_service_start_duration_seconds{service="models"}`]; starts <= 0 || !loads || said.series[`otai_classification_duration_seconds_sum{service="models"}`] <= 0 {
		t.Errorf("no times of the model:\n%s", text)
	}
	known := slices.Sorted(maps.Keys(said.kinds))

	page, err := os.ReadFile(filepath.Join(product.root, "docs", "monitoring.md"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := strings.Join(metricsIn(string(page), said.kinds), "\n"); diff != strings.Join(known, "\n") {
		t.Errorf("docs/monitoring.md names\n%s\nand there are\n%s", diff, strings.Join(known, "\n"))
	}
	for _, file := range []string{"otai.rules.yml", "grafana-otai.json"} {
		for _, name := range metricsIn(monitoring(t, file), said.kinds) {
			if said.kinds[name] == "" {
				t.Errorf("%s names %s, and there is no such metric", file, name)
			}
		}
	}
	var dashboard struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal([]byte(monitoring(t, "grafana-otai.json")), &dashboard); err != nil || len(dashboard.Panels) < 15 {
		t.Fatalf("%d panels: %v", len(dashboard.Panels), err)
	}
	for _, p := range dashboard.Panels {
		for _, target := range p.Targets {
			if len(metricsIn(target.Expr, said.kinds)) == 0 {
				t.Errorf("the panel %s asks for nothing of otai's: %s", p.Title, target.Expr)
			}
		}
	}
	var r rules
	if err := yaml.Unmarshal([]byte(monitoring(t, "otai.rules.yml")), &r); err != nil || len(r.Groups) == 0 {
		t.Fatal(err)
	}
	for _, rule := range r.Groups[0].Rules {
		if rule.Alert == "" || rule.Expr == "" || rule.Labels["severity"] == "" || rule.Annotations["summary"] == "" || rule.Annotations["description"] == "" || !strings.Contains(string(page), "`"+rule.Alert+"`") {
			t.Errorf("%s lacks something, or isn't in docs/monitoring.md: %+v", rule.Alert, rule)
		}
	}
	t.Run("promtool", func(t *testing.T) {
		if out := promtool(t, text, "check", "metrics"); out != "" {
			t.Error(out)
		}
		if out := promtool(t, "", "check", "rules", filepath.Join(product.root, "build", "monitoring", "otai.rules.yml")); !strings.Contains(out, fmt.Sprintf("%d rules found", len(r.Groups[0].Rules))) {
			t.Error(out)
		}
	})
}

// moment is what Prometheus has at one time, by series.
type moment map[string]float64

// stretched is the series of moments a minute apart, each of the last one's for hold more minutes.
func stretched(moments []moment, hold int) []string {
	all := map[string]bool{}
	for _, m := range moments {
		for s := range m {
			all[s] = true
		}
	}
	var list []string
	for _, s := range slices.Sorted(maps.Keys(all)) {
		var values []string
		for i, m := range moments {
			text := "_"
			if v, ok := m[s]; ok {
				text = strconv.FormatFloat(v, 'g', -1, 64)
				if i == len(moments)-1 {
					text = fmt.Sprintf("%s+0x%d", text, hold)
				}
			}
			values = append(values, text)
		}
		name, labels, _ := strings.Cut(strings.TrimSuffix(s, "}"), "{")
		series := name + "{" + strings.TrimPrefix(labels+`,job="otai",instance="here:8484"}`, ",")
		list = append(list, fmt.Sprintf("      - { series: '%s', values: '%s' }\n", strings.ReplaceAll(series, "'", "''"), strings.Join(values, " ")))
	}
	return list
}

// The alerts say what there is to say, and nothing else, of series that the binary made: while it
// works, while the help desk is down, after a reload that failed, and, with one value of a series
// changed, for what takes longer to happen.
func TestAlertsOnSeriesOfOurOwn(t *testing.T) {
	t.Parallel()
	if os.Getenv("OTAI_TEST_PROMTOOL") == "" {
		if _, err := exec.LookPath("promtool"); err != nil {
			t.Skip("there is no promtool: install Debian's package prometheus, or name the program in OTAI_TEST_PROMTOOL")
		}
	}
	w := newWitness(t)
	env := w.environment()
	w.addMany(3, "x")
	config := writeFile(t, rowConfig(1, "timeout: PT2S", priorityStep))
	l := live(t, env, "run", "-c", config)
	wantMetrics(t, stateOf(env), `otai_tickets{runner="sort",standing="handled"} 3`, `otai_ready 1`)
	take := func() moment {
		m := moment(readExposed(t, scrape(t, stateOf(env))).series)
		m["up"] = 1
		return m
	}
	var well, outage []moment
	for range 10 {
		w.addMany(1, "y")
		time.Sleep(300 * time.Millisecond)
		well = append(well, take())
	}
	w.web.Close()
	w.wantStatus(env, 2*time.Minute, "the runner is stuck", func(parts []statusPart, ready bool) bool {
		outage = append(outage, take())
		time.Sleep(time.Second)
		return blocked("runner", "temporarily unavailable")(parts, ready)
	})
	outage = append(outage, take())
	w.up()
	w.wantStatus(env, 2*time.Minute, "it is ready again", isReady)
	if err := os.WriteFile(config, []byte("services: 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, code := w.command(env, "reload", "--wait"); code != 1 {
		t.Errorf("%d: %s", code, out)
	}
	time.Sleep(300 * time.Millisecond)
	notReloaded := take()
	l.end(t)

	last := well[len(well)-1]
	changed := func(series string, to float64) []moment {
		if _, ok := last[series]; !ok {
			t.Errorf("there is no series %s", series)
		}
		m := maps.Clone(last)
		m[series] = to
		return append(slices.Clone(well), m)
	}
	const (
		hour  = 60
		brief = 3
	)
	var file strings.Builder
	fmt.Fprintf(&file, "rule_files: [%q]\nevaluation_interval: 1m\ntests:\n", filepath.Join(product.root, "build", "monitoring", "otai.rules.yml"))
	for _, c := range []struct {
		name    string
		moments []moment
		hold    int
		want    []string
	}{
		{"it works", well, hour, nil},
		{"the help desk is down", slices.Concat(well, outage), hour, []string{"OtaiHelpDeskErrors", "OtaiNotReady", "OtaiRunnerStuck"}},
		{"a reload failed", append(slices.Clone(well), notReloaded), hour, []string{"OtaiConfigurationOld"}},
		{"a reload failed, and was corrected soon", append(slices.Clone(well), notReloaded, notReloaded, last), hour, nil},
		{"not ready for a moment", append(changed("otai_ready", 0), last), hour, nil},
		{"the store is lost", changed(`otai_part_up{kind="store",name="sqlite"}`, 0), hour, []string{"OtaiStoreLost"}},
		{"a service has not started", changed(`otai_part_up{kind="service",name="desk"}`, 0), hour, []string{"OtaiServiceNotStarted"}},
		{"no worker", changed("otai_worker_up", 0), hour, []string{"OtaiNoWorker"}},
		{"one death of a worker", changed("otai_worker_restarts_total", 1), hour, nil},
		{"deaths of workers", changed("otai_worker_restarts_total", 4), brief, []string{"OtaiWorkerRestarts"}},
		{"tickets are given up", changed(`otai_tickets{runner="sort",standing="dead"}`, 2), brief, []string{"OtaiDeadTickets"}},
		{"runs wait for too long", changed("otai_run_overdue_seconds", 1000), hour, []string{"OtaiRunsTooOld"}},
		{"runs wait for long enough", changed("otai_run_overdue_seconds", 100), hour, nil},
		{"nobody answers", append(slices.Clone(well), moment{"up": 0}), hour, []string{"OtaiGone"}},
		{"nobody is asked", append(slices.Clone(well), moment{}), hour, []string{"OtaiGone"}},
	} {
		fmt.Fprintf(&file, "  - name: %q\n    interval: 1m\n    input_series:\n%s    promql_expr_test:\n", c.name, strings.Join(stretched(c.moments, c.hold), ""))
		fmt.Fprintf(&file, "      - expr: group by (alertname) (max_over_time(ALERTS{alertstate=\"firing\"}[3h]))\n        eval_time: %dm\n        exp_samples:", len(c.moments)+c.hold-1)
		if c.want == nil {
			file.WriteString(" []")
		}
		file.WriteString("\n")
		for _, name := range c.want {
			fmt.Fprintf(&file, "          - { labels: '{alertname=\"%s\"}', value: 1 }\n", name)
		}
	}
	test := filepath.Join(t.TempDir(), "otai.test.yml")
	if err := os.WriteFile(test, []byte(file.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	out := promtool(t, "", "test", "rules", test)
	t.Log(out)
}
