#!/bin/sh
# Compares the tokenizers of hf-local with HuggingFace tokenizers, one thread each,
# alternating within one run. OTAI_BENCH_PYTHON is a Python with what is needed.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
python=${OTAI_BENCH_PYTHON:-python3}
if ! "$python" -c 'import torch, transformers, tokenizers, sentencepiece' 2>/dev/null; then
	echo "skipped: $python lacks torch, transformers, tokenizers or sentencepiece, which are compared with (OTAI_BENCH_PYTHON names another Python)"
	exit 0
fi
exec "$python" "$root/tools/hf-reference/bench_tokenizers.py"
