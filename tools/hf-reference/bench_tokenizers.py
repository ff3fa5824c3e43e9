#!/usr/bin/env python3
"""Compares the tokenizers of the plugin hf-local with HuggingFace tokenizers: the
same tokenizers and texts, one thread each, in turns within one run.

Prints for each kind the speed in MB/s (10^6 bytes of UTF-8): HuggingFace's best of
encode, encode_batch and encode_batch_fast, ours, and ours divided by it, which
should be at least 1. Each is the median of --rounds.

Needs: pip install tokenizers sentencepiece transformers torch, and Go.
Usage: bench_tokenizers.py [--rounds N]
"""

import os

os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["RAYON_NUM_THREADS"] = "1"

import argparse
import json
import pathlib
import random
import re
import statistics
import subprocess
import tempfile
import time
import warnings

warnings.filterwarnings("ignore")

import tokenizers
import transformers
from tokenizers import Tokenizer

import record
import tokenizers_record as recorder

transformers.logging.set_verbosity_error()
ROOT = pathlib.Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "plugins/hf-local/internal/tokenizer"


def texts(n=400):
    """Tickets: sentences with names, numbers and words that occur once."""
    rng = random.Random(3)
    letters = "aaabcdeeeefghiiijklmnnnoooprrrsssttttuuuvwäöüß"
    out = []
    for _ in range(n):
        words = " ".join(rng.choice(record.SENTENCES + recorder.MORE) for _ in range(rng.randint(3, 12))).split()
        for i in range(len(words)):
            if rng.random() < 0.15:
                words[i] = "".join(rng.choice(letters) for _ in range(rng.randint(4, 14))).capitalize()
            elif rng.random() < 0.03:
                words[i] = str(rng.randint(100, 10**8))
        out.append(" ".join(words))
    return out


KINDS = [recorder.bert_cased, recorder.bert_uncased, recorder.roberta, recorder.modernbert, recorder.xlm_roberta, recorder.camembert, recorder.deberta_v2,
         recorder.deberta_v3, recorder.word_level, recorder.byte_fallback, recorder.cl100k]


def make(folder):
    for kind in KINDS:
        target = folder / kind.__name__
        target.mkdir()
        kind(target)
        if not (target / "config.json").exists():
            (target / "config.json").write_text("{}")


def theirs(tokenizer, sample):
    """Seconds of each way to encode all texts."""
    out = {}
    for name, run in (
        ("encode", lambda: [tokenizer.encode(t).ids for t in sample]),
        ("encode_batch", lambda: [e.ids for e in tokenizer.encode_batch(sample)]),
        ("encode_batch_fast", lambda: [e.ids for e in tokenizer.encode_batch_fast(sample)]),
    ):
        begin = time.perf_counter()
        run()
        out[name] = time.perf_counter() - begin
    return out


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as tmp:
        folder = pathlib.Path(tmp)
        make(folder)
        sample = texts()
        size = sum(len(t.encode()) for t in sample)
        (folder / "texts.json").write_text(json.dumps(sample))
        binary = folder / "bench.test"
        subprocess.run([os.environ.get("GO", "go"), "test", "-c", "-o", binary, "."], cwd=PACKAGE, check=True)
        loaded = {k.__name__: Tokenizer.from_file(str(folder / k.__name__ / "tokenizer.json")) for k in KINDS}
        hf, own = {k: [] for k in loaded}, {k: [] for k in loaded}
        for _ in range(rounds):
            for name, tokenizer in loaded.items():
                hf[name].append(theirs(tokenizer, sample))
            out = subprocess.run(
                [binary, "-test.run", "^$", "-test.bench", "^BenchmarkEncode$", "-test.benchtime", "300ms", "-test.cpu", "1"],
                cwd=PACKAGE, check=True, capture_output=True, text=True, env={**os.environ, "OTAI_TOKENIZER_BENCH": str(folder)}).stdout
            for name, ns in re.findall(r"^BenchmarkEncode/(\w+)\s+\d+\s+([\d.]+) ns/op", out, re.M):
                own[name].append(float(ns) / 1e9)
        print(f"tokenizers {tokenizers.__version__}, {size / 1e6:.2f} MB in {len(sample)} texts, {rounds} rounds, one thread")
        print(f"{'kind':16} {'HuggingFace':>12} {'(way)':20} {'otai':>8}  ratio")
        for name in loaded:
            medians = {way: statistics.median(r[way] for r in hf[name]) for way in hf[name][0]}
            way = min(medians, key=medians.get)
            ours = statistics.median(own[name])
            print(f"{name:16} {size / medians[way] / 1e6:9.2f} MB/s {way:20} {size / ours / 1e6:5.2f} MB/s {medians[way] / ours:5.2f}")


if __name__ == "__main__":
    main()
