package main_test

import (
	"archive/tar"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/open-ticket-ai/otai/internal/helpdesk"
)

// plantedInDump are secrets, by the place that they stand in.
var plantedInDump = map[string]string{
	"a password":                     `conf"Läk<1>&%/x`,
	"a token of the admin listener":  "admin-Token-0815-4711",
	"a token in a query":             "Query0Token4711x",
	"a token in a path":              "T0AbCdEf12345678",
	"a login in an address":          "login:Pass4711word",
	"a bearer token in a text":       "bearerAbc4711xyz",
	"a comment":                      "commented-Out-4711",
	"a key that is misspelled":       "misspelled4711Xy",
	"a name beside its value":        "beside-Name-4711",
	"a list":                         "inAList4711abc",
	"an anchor":                      "anchored-4711-zz",
	"a block of lines":               "MIIEvQIBADANBgkqhkiG4711",
	"a number":                       "7351942681",
	"a param of an unknown plugin":   "unknownParam4711",
	"a template with a literal":      "literalIn4711Template",
	"an environment variable":        "fromTheEnv-4711",
	"a layer of the environment":     "fromALayer-4711",
	"a .env file":                    "fromDotEnv-4711",
	"a variable that nobody uses":    "unusedEnv-4711-q",
	"a default of a reference":       "defaultRef4711",
	"the address of a database":      "dbPass4711word",
	"what an earlier error log had":  "conf\"Läk<1>&%/x",
	"an environment variable by URL": "proxyPass4711",
	"a value that isn't in force":    "overridden-4711-h",
	"a key that nobody knows":        "underAnUnknownKey4711",
}

// unknownKeys are places at which a key can't be known, and says nothing of what is under it.
const unknownKeys = `
  eighth:
    use: otobo-znuny:OTOBOZnunyTicketSystemService
    params: { base_url: "http://127.0.0.1:1/x/nph-genericinterface.pl", credentiales: "NOBODY", tls: { bundle: "NOBODY" } }
    remark: "NOBODY"
remarks: [NOBODY, { desk: NOBODY, use: { x: NOBODY } }]
infrastruktur: { runs: { warehouse: "host=h user=u password=NOBODY" } }
`

const dumped = `
# once: password: COMMENT
infrastructure:
  logging: { level: debug, log_to_file: true, log_file_path: LOGFILE }
  admin: { listen: "LISTEN", token: ADMIN } # COMMENT
services:
  desk:
    use: otobo-znuny:OTOBOZnunyTicketSystemService
    params: { base_url: "${OTOBO_URL}", username: open_ticket_ai, password: "${OTAI_OTOBO_ZNUNY_PASSWORD}", timeout: PT2S }
  second:
    use: otobo-znuny:OTOBOZnunyTicketSystemService
    params: { base_url: "http://127.0.0.1:1/hooks/PATH/nph-genericinterface.pl", password: PASSWORD }
  third:
    use: otobo-znuny:OTOBOZnunyTicketSystemService
    params: { base_url: "http://127.0.0.1:1/x/nph-genericinterface.pl", password: "{{ get_env('ENV_TOKEN') }}", username: "äöü" }
  fourth:
    use: otobo-znuny:OTOBOZnunyTicketSystemService
    params: { base_url: "http://127.0.0.1:1/x/nph-genericinterface.pl", password: "${DOTENV_PASSWORD}" }
  fifth:
    use: otobo-znuny:OTOBOZnunyTicketSystemService
    params: { base_url: "http://127.0.0.1:1/x/nph-genericinterface.pl", password: OVERRIDDEN }
`

// brokenDumped has what no configuration that runs can have.
const brokenDumped = dumped + `
  sixth:
    use: elsewhere:Service
    params: { any: UNKNOWN, other: [LIST] }
  seventh:
    use: base:JinjaRenderer
    params:
      pasword: MISSPELLED
      headers: [{ name: password, value: BESIDE }, { x: "Bearer BEARER" }]
      api_keys: [LIST, NUMBER]
      url: "http://LOGIN@127.0.0.1:1/x?tok=QUERY&x=1"
      plain: &shared ANCHOR
      secret: *shared
      private_key: |
        -----BEGIN KEY-----
        BLOCK
      client_secret: "{{ 'TEMPLATE' }}"
      address: "${ADDRESS:-https://a:DEFAULT@example.org}"
`

// unpacked are the files of an archive, by their names without its folder.
func unpacked(t *testing.T, file string) map[string]string {
	t.Helper()
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode() != 0o600 {
		t.Errorf("its mode is %v", info.Mode())
	}
	in, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	zipped, err := gzip.NewReader(in)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for archive := tar.NewReader(zipped); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		if header.Mode != 0o600 || !strings.HasPrefix(header.Name, "otai-support-") {
			t.Errorf("%s has the mode %o", header.Name, header.Mode)
		}
		content, err := io.ReadAll(archive)
		if err != nil {
			t.Fatal(err)
		}
		_, name, _ := strings.Cut(header.Name, "/")
		all[name] = string(content)
	}
}

// Secrets of every kind, and tickets, stand everywhere around: none is in the archive, nor in what the
// command says, whether the service runs or not, and whether the configuration is right or not.
func TestASupportDumpHasNoSecretAndNoTicket(t *testing.T) {
	t.Parallel()
	w := newWitness(t)
	const customer = "Xanthippe of Athens"
	for range 3 {
		w.AddTicket(helpdesk.NewTicket{Queue: "Incoming", Title: "printer of " + customer, Body: "the body of " + customer, From: customer + " <a@example.com>", CustomerUser: customer})
	}
	dir := t.TempDir()
	logFile := filepath.Join(dir, "otai.log")
	p := plantedInDump
	fill := strings.NewReplacer(
		"LISTEN", freeAddress(t),
		"LOGFILE", logFile, "ADMIN", p["a token of the admin listener"], "COMMENT", p["a comment"], "LOGIN", p["a login in an address"], "PATH", p["a token in a path"],
		"QUERY", p["a token in a query"], "PASSWORD }", strconv.Quote(p["a password"])+" }", "UNKNOWN", p["a param of an unknown plugin"], "LIST", p["a list"],
		"MISSPELLED", p["a key that is misspelled"], "BESIDE", p["a name beside its value"], "BEARER", p["a bearer token in a text"], "NUMBER", p["a number"],
		"ANCHOR", p["an anchor"], "NOBODY", p["a key that nobody knows"], "OVERRIDDEN", p["a value that isn't in force"], "BLOCK", p["a block of lines"], "'TEMPLATE'", "'"+p["a template with a literal"]+"'", "DEFAULT", p["a default of a reference"],
	)
	runners := func(text string) string { // of the working desk alone
		return fill.Replace(text) + strings.SplitAfter(rowConfig(1, "", priorityStep), "services:")[0]
	}
	write := func(name, text string) string {
		t.Helper()
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	config := write("config.yml", strings.TrimSuffix(runners(dumped), "services:"))
	broken := write("broken.yml", fill.Replace(brokenDumped+unknownKeys))
	noYAML := write("noyaml.yml", strings.Replace(fill.Replace(dumped), "services:", "services: ]", 1))
	database := write("database.yml", fill.Replace(dumped)+"\norchestrator: {}\n")
	write(".env", "DOTENV_PASSWORD='"+p["a .env file"]+"'\n")
	env := append(w.environment(), "ENV_TOKEN="+p["an environment variable"], "OTAI__SERVICES__FIFTH__PARAMS__PASSWORD="+p["a layer of the environment"],
		"OTHER_API_KEY="+p["a variable that nobody uses"], "HTTPS_PROXY=http://me:"+p["an environment variable by URL"]+"@127.0.0.1:3128", "NO_PROXY=127.0.0.1")
	withDatabase := append(slices.Clone(env), "OTAI__INFRASTRUCTURE__RUNS__DATABASE=postgres://otai:"+p["the address of a database"]+"@127.0.0.1:1/otai")

	dump := func(env []string, args ...string) (files map[string]string, said string) {
		t.Helper()
		file := filepath.Join(t.TempDir(), "dump.tar.gz")
		cmd := newCommand(product.otai, append([]string{"support-dump", "-o", file}, args...)...)
		cmd.Env, cmd.Dir = env, t.TempDir()
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %v\n%s", args, err, out)
		}
		files = unpacked(t, file)
		all := string(out)
		for _, name := range slices.Sorted(maps.Keys(files)) {
			all += "\n== " + name + "\n" + files[name]
		}
		for from, secret := range p {
			for form, written := range map[string]string{"as it is": secret, "as JSON": jsonText(secret), "in an address": url.QueryEscape(secret)} {
				if i := strings.Index(all, written); i >= 0 {
					t.Errorf("%v: the secret of %s is in it %s:\n…%s…", args, from, form, all[max(0, i-300):min(len(all), i+100)])
				}
			}
			if hasText([]byte(all), secret) {
				t.Errorf("%v: the secret of %s is in it", args, from)
			}
		}
		for _, text := range []string{customer, password, "Xanthippe"} {
			if hasText([]byte(all), text) {
				i := strings.Index(all, text)
				t.Errorf("%v: %q is in it: …%s…", args, text, all[max(0, i-300):min(len(all), max(0, i)+100)])
			}
		}
		return files, string(out)
	}
	has := func(files map[string]string, name string, parts ...string) {
		t.Helper()
		for _, part := range parts {
			if !strings.Contains(files[name], part) {
				t.Errorf("%s has no %q:\n%s", name, part, shortened(files[name]))
			}
		}
	}

	files, _ := dump(env, "-c", config)
	has(files, "README.txt", "no otai runs on this state folder", "the run store: there is none yet", "Not in it:")

	l := live(t, env, "run", "-c", config)
	wantMetrics(t, stateOf(env), `otai_tickets{runner="sort",standing="handled"} 3`)
	files, said := dump(env, "-c", config)
	has(files, "README.txt", "versions.json", "--crashes adds", "journalctl", "tickets, their texts")
	has(files, "versions.json", `"version"`, "go1.", `"OTAI_STATE_DIR"`)
	has(files, "status.json", `"parts"`, `"kind": "worker"`, `"handled": 3`)
	has(files, "metrics.txt", `otai_tickets{runner="sort",standing="handled"} 3`)
	has(files, "plugins.json", "otai-otobo-znuny", `"status": "loaded"`)
	has(files, "store.json", `"kind": "sqlite"`, `"handled": 3`)
	has(files, "state-folder.json", "runs.db", "otai.sock", "free_bytes")
	has(files, "otai.log", "otai runs")
	has(files, "deaths.json", "[]")
	has(files, "configuration/1-config.yml", "base_url: ${OTOBO_URL}", "use: otobo-znuny:OTOBOZnunyTicketSystemService", "password: ${OTAI_OTOBO_ZNUNY_PASSWORD}", `password: '***'`, "http://127.0.0.1:1/hooks/***/nph-genericinterface.pl", "username: äöü")
	if !strings.Contains(said, "for nobody else to read") || !strings.Contains(said, "It doesn't have:") {
		t.Error(said)
	}
	l.end(t)

	for _, c := range []struct {
		env    []string
		config string
		name   string
		want   string
	}{
		{env, broken, "configuration/problems.json", `"severity": "error"`},
		{env, broken, "configuration/1-broken.yml", "any: '***'"},
		{env, noYAML, "README.txt", "it isn't known what of it is secret"},
		{withDatabase, database, "README.txt", "the run store: "},
		{env, filepath.Join(dir, "none.yml"), "configuration/problems.json", "none.yml"},
	} {
		files, _ := dump(c.env, "-c", c.config)
		has(files, c.name, c.want)
		has(files, "state-folder.json", "runs.db")
	}

	// It replaces nothing, and its default name is new.
	there := filepath.Join(t.TempDir(), "there.tar.gz")
	if err := os.WriteFile(there, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, code := w.command(env, "support-dump", "-c", config, "-o", there); code != 2 || !strings.Contains(out, "stays as it is") {
		t.Errorf("%d: %s", code, out)
	}
	out, code := w.command(env, "support-dump", "-c", config, "--json")
	var answer struct {
		File    string
		Entries []struct{ Name, About string }
		LeftOut []string `json:"left_out"`
	}
	if err := json.Unmarshal([]byte(out), &answer); err != nil || code != 0 || !strings.HasPrefix(answer.File, "otai-support-") || len(answer.Entries) < 8 || len(answer.LeftOut) < 4 {
		t.Errorf("%d, %v: %s", code, err, out)
	}
}

// What a worker died of is in the archive without the text of the panic, and its trace only if it is
// asked for.
func TestASupportDumpHasTracesOnlyIfAskedFor(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	buildPlugin(t, writeModule(t, "otai-leaving", crashingAtWork), filepath.Join(folder, "otai_leaving.so"))
	dir := t.TempDir()
	logFile := filepath.Join(dir, "otai.log")
	env := environment(t, "OTAI_PLUGIN_DIR="+folder, "EXIT_AT=call")
	used := writeFile(t, leavingUsed+"infrastructure: { logging: { log_to_file: true, log_file_path: "+logFile+" } }\n")
	if out, err := runOtai(t, env, "run", "--once", "-c", used); exitCode(err) != 1 {
		t.Fatalf("%v: %s", err, out)
	}
	if log, err := os.ReadFile(logFile); err != nil || !strings.Contains(string(log), "Quillfeather") {
		t.Errorf("the log doesn't have what a dump must not have: %v: %s", err, log)
	}
	for _, traces := range []bool{false, true} {
		file := filepath.Join(t.TempDir(), "dump.tar.gz")
		args := []string{"support-dump", "-c", used, "-o", file}
		if traces {
			args = append(args, "--crashes")
		}
		out, err := runOtai(t, env, args...)
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		files, found := unpacked(t, file), 0
		for name, content := range files {
			checkNothingIsTold(t, content)
			if path.Dir(name) == "crashes" {
				found++
				if !strings.Contains(content, "example.com/otai-leaving.fall(...)\n") {
					t.Errorf("%s: %s", name, content)
				}
			}
		}
		if traces != (found > 0) || !strings.Contains(files["deaths.json"], `"plugin": "otai-leaving"`) || !strings.Contains(files["deaths.json"], "panic: (its text is left out)") {
			t.Errorf("traces %v: %d of them: %s", traces, found, files["deaths.json"])
		}
	}
}
