#!/bin/sh
# Prints the figures that the project cares about, each with its command.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
go=${GO:-go}
bench() { # title, folder, package, benchmark, more flags of go test
	printf '\n%s\n$ (cd %s && go test -run ^$ -bench %s %s %s)\n' "$1" "$2" "$4" "${5:-}" "$3"
	if ! output=$(cd "$root/$2" && $go test -run '^$' -bench "$4" ${5:-} "$3" 2>&1); then
		printf '%s\n' "$output"
		exit 1
	fi
	printf '%s\n' "$output" | grep '^Benchmark' || { echo "bench: $3 has no benchmark $4" >&2; exit 1; }
}
bench 'Start-up to the first pipe with both plugins, process end included (target: under 150 ms)' . ./cmd/otai '^BenchmarkStartUp$' -benchtime=21x
bench 'What the supervisor adds to a start, in turns with a binary that has none (target: one `otai version` and 5 ms at most), and its private memory (target: 10 MB at most)' . ./cmd/otai '^BenchmarkSupervised$' -benchtime=21x
bench 'Engine overhead per pipe with fakes, logging off (target: under 20 µs)' . ./pkg/orchestrator '^BenchmarkPipe$'
bench 'Loading 1, 10, 50 small plugins and a large one, beside a bare plugin.Open of the same files (targets: at most 4 times with the probe cached, 8 times without)' . ./cmd/otai '^BenchmarkLoad$' -benchtime=15x
PREFLIGHT_BENCH="$root/build/dist/plugins/otai_otobo_znuny.so" bench 'Preflight alone, beside a bare plugin.Open' . ./pkg/loader/preflight .
bench 'Loading and checking a configuration of 300 lines (target: under 20 ms)' . ./internal/config/check '^BenchmarkLoad300Lines$'
bench 'Templates: cached (target: a conditional under 1.5 µs), and parsed anew (target: under 12 µs)' . ./internal/jinja .
bench 'Classification: BERT-base of random weights, 128 tokens, one thread (target: 85 % of the measured peak)' plugins/hf-local ./... '^BenchmarkBERTBase128$'
bench 'The help-desk client: its own CPU time per request, and 1,000 tickets fetched with articles (targets: under 0.3 ms, the fetch aside; at most 25 requests)' plugins/otobo-znuny . '^BenchmarkRequests$'
if command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; then
	bench "Runs that River carries on PostgreSQL, by one host and by two: tickets a second, the hosts' own CPU per ticket (targets at 10 steps: 150 tickets/s, 3 ms)" . ./internal/runs/river '^BenchmarkRuns$' -benchtime=1x
fi
bench 'A backlog of 10,000 at the built-in help desk, in turns with a binary of 0.1.0 (OTAI_BENCH_OLD: its folder with bin and plugins; targets: loop at least 1.0, one 0.7, postgres 0.7 of it; memory flat)' . ./cmd/otai '^BenchmarkBacklog$' '-benchtime=3x -timeout 60m -v'
bench 'The CPU time of a ticket of ten pipes: with records, its requests included; without records, which is the pipes and the requests alone; and the difference (target for the engine: at most 3 ms)' . ./cmd/otai '^BenchmarkTenPipes$' -benchtime=3x
bench 'A ticket at 100,000 runs in the store beside one at 1,000, its CPU and its time (targets: at most 1.2)' . ./cmd/otai '^BenchmarkStoreGrows$' '-benchtime=1x -timeout 60m -v'
bench 'What metrics and records of decisions cost a ticket that a model classifies, in turns with a binary that has none (target: at most 3 % of a run's time)' . ./cmd/otai '^BenchmarkMetricsAndDecisions$' -benchtime=5x
