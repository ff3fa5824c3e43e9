// Command filewalk counts how often a reader must turn to another file who follows
// a program at work: the calls from a function in one file to a function in another,
// as they happen while one command runs.
//
//	go run ./filewalk -root RE [-not RE] REPOSITORY -- ARGUMENTS OF OTAI
//
// It copies the repository, puts a line into each function that notes who called it,
// builds otai and runs it with the arguments. A call counts where a function above it
// on the stack matches -root and none matches -not. Printed are the calls that leave
// their file, each once with how often it was made, and how many distinct files they lie in.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

func main() {
	root := flag.String("root", ".", "count only below functions whose name matches")
	not := flag.String("not", "^$", "leave out what is below functions whose name matches")
	flag.Parse()
	if flag.NArg() < 2 {
		flag.Usage()
		os.Exit(2)
	}
	if err := walk(*root, *not, flag.Arg(0), flag.Args()[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "filewalk:", err)
		os.Exit(1)
	}
}

func walk(root, not, repository string, arguments []string) error {
	work, err := os.MkdirTemp("", "filewalk-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	sources := filepath.Join(work, "sources")
	if err := os.CopyFS(sources, os.DirFS(repository)); err != nil {
		return err
	}
	if err := instrument(sources); err != nil {
		return err
	}
	binary, calls := filepath.Join(work, "otai"), filepath.Join(work, "calls")
	build := exec.Command("go", "build", "-buildvcs=false", "-o", binary, "./cmd/otai")
	build.Dir, build.Stdout, build.Stderr = sources, os.Stderr, os.Stderr
	if err := build.Run(); err != nil {
		return fmt.Errorf("build the copy: %w", err)
	}
	run := exec.Command(binary, arguments...)
	run.Env = append(os.Environ(), "FILEWALK="+calls)
	run.Stdout, run.Stderr = os.Stderr, os.Stderr
	if err := run.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "filewalk: otai:", err)
	}
	return count(calls, sources, regexp.MustCompile(root), regexp.MustCompile(not))
}

const noteImport = `import filewalk_ "github.com/open-ticket-ai/otai/pkg/api/filewalk"; `

// instrument rewrites the sources in place. The package that notes the calls stands
// below pkg/api, which is the one module that all others may import.
func instrument(sources string) error {
	home := filepath.Join(sources, "pkg/api/filewalk")
	if err := os.MkdirAll(home, 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(home, "filewalk.go"), []byte(note), 0o600); err != nil {
		return err
	}
	return filepath.WalkDir(sources, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		relative, _ := filepath.Rel(sources, path)
		if entry.IsDir() {
			switch relative {
			case "pkg/api/filewalk", "build", "plugins", "tools", ".git", "examples":
				return fs.SkipDir
			}
			if entry.Name() == "testdata" {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		return instrumentFile(path)
	})
}

func instrumentFile(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, path, text, parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	var after []int // offsets behind which a call is put
	ast.Inspect(file, func(n ast.Node) bool {
		var body *ast.BlockStmt
		switch f := n.(type) {
		case *ast.FuncDecl:
			body = f.Body
		case *ast.FuncLit:
			body = f.Body
		}
		if body != nil {
			after = append(after, set.Position(body.Lbrace).Offset+1)
		}
		return true
	})
	if len(after) == 0 {
		return nil
	}
	slices.Sort(after)
	name := set.Position(file.Name.End()).Offset
	var out strings.Builder
	out.Write(text[:name])
	out.WriteString("; " + noteImport)
	last := name
	for _, offset := range after {
		out.Write(text[last:offset])
		out.WriteString(" filewalk_.Enter(); ")
		last = offset
	}
	out.Write(text[last:])
	return os.WriteFile(path, []byte(out.String()), 0o600)
}

// note is the package that the copy gets. A line of its file is a call: the stack from
// the callee outwards, as NAME<tab>FILE for each function, parted by tabs.
const note = `package filewalk

import (
	"os"
	"runtime"
	"strings"
	"sync"
)

var (
	mutex sync.Mutex
	out   *os.File
)

func Enter() {
	name := os.Getenv("FILEWALK")
	if name == "" {
		return
	}
	var pcs [200]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs[:])])
	var line strings.Builder
	for {
		frame, more := frames.Next()
		if strings.Contains(frame.File, "/sources/") {
			line.WriteString(frame.Function + "\t" + frame.File + "\t")
		}
		if !more {
			break
		}
	}
	mutex.Lock()
	defer mutex.Unlock()
	if out == nil {
		out, _ = os.OpenFile(name, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	}
	out.WriteString(line.String() + "\n")
}
`

type call struct{ from, to string }

func count(calls, sources string, root, not *regexp.Regexp) error {
	file, err := os.Open(calls)
	if err != nil {
		return err
	}
	defer file.Close()
	made, files := map[call]int{}, map[string]bool{}
	total := 0
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		stack := strings.Split(strings.TrimRight(lines.Text(), "\t"), "\t")
		below, excluded := false, false
		for i := 0; i+1 < len(stack); i += 2 {
			below = below || root.MatchString(stack[i])
			excluded = excluded || not.MatchString(stack[i])
		}
		if !below || excluded || len(stack) < 4 {
			continue
		}
		to, _ := filepath.Rel(sources, stack[1])
		from, _ := filepath.Rel(sources, stack[3])
		if from == to {
			continue
		}
		made[call{from + " " + short(stack[2]), to + " " + short(stack[0])}]++
		files[from], files[to] = true, true
		total++
	}
	if err := lines.Err(); err != nil {
		return err
	}
	list := make([]call, 0, len(made))
	for c := range made {
		list = append(list, c)
	}
	slices.SortFunc(list, func(a, b call) int { return strings.Compare(a.from+a.to, b.from+b.to) })
	for _, c := range list {
		fmt.Printf("%6d  %s -> %s\n", made[c], c.from, c.to)
	}
	fmt.Printf("%d calls leave their file, made %d times, in %d files\n", len(list), total, len(files))
	return nil
}

// short is a function's name without its package; all parts of one function count as it.
func short(name string) string {
	name = name[strings.LastIndexByte(name, '/')+1:]
	_, name, _ = strings.Cut(name, ".")
	return regexp.MustCompile(`\.func\d.*`).ReplaceAllString(name, "")
}
