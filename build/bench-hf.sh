#!/bin/sh
# Compares the engine of hf-local with ONNX Runtime, in alternating pairs of one run.
# OTAI_ONNXRUNTIME is the path of libonnxruntime.so; OTAI_BENCH_PYTHON is a Python
# with what tools/hf-bench/models.py needs, which makes the models at the first run,
# and with tokenizers; OTAI_BENCH_ARGS are further arguments.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
go=${GO:-go}
python=${OTAI_BENCH_PYTHON:-python3}
model="$root/build/dist/bench-hf/model"
mkdir -p "$root/build/dist/bench-hf"

if [ -z "${OTAI_ONNXRUNTIME:-}" ]; then
	echo 'skipped: OTAI_ONNXRUNTIME, the path of libonnxruntime.so, is not set (the Python package onnxruntime has one in its folder capi)'
else
	if [ ! -e "$model/model.onnx" ]; then
		if ! "$python" -c 'import torch, transformers, tokenizers, onnx, onnxruntime' 2>/dev/null; then
			echo "skipped: $python lacks torch, transformers, tokenizers, onnx or onnxruntime, which make the models (OTAI_BENCH_PYTHON names another Python)"
			exit 0
		fi
		rm -rf "$model.new"
		"$python" "$root/tools/hf-bench/models.py" bench "$model.new"
		mv "$model.new" "$model"
	fi
	(cd "$root/plugins/hf-local" && $go build -o "$root/build/dist/bench-hf/benchhf" ./internal/benchhf)
	"$root/build/dist/bench-hf/benchhf" -model "$model" ${OTAI_BENCH_ARGS:-}
fi

# Further comparisons with HuggingFace's own libraries, each a script of its own.
for script in "$root"/build/bench-hf-*.sh; do
	if [ -e "$script" ]; then
		echo
		OTAI_BENCH_PYTHON=$python GO=$go sh "$script"
	fi
done
