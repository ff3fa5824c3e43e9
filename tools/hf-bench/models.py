#!/usr/bin/env python3
"""Makes the models that `make bench-hf` and the tests of the ONNX Runtime backend use.

A BERT classifier of random weights is saved as transformers saves it
(config.json, model.safetensors, tokenizer.json) and beside it as model.onnx: the
operators that an export by torch consists of, with dynamic batch and sequence,
written node by node here, so that no exporter decides what is measured. ONNX
Runtime fuses them when it loads the file. The logits of the graph are compared
with those of transformers before anything is kept.

Needs: pip install torch transformers tokenizers safetensors onnx onnxruntime.

Usage:
  models.py bench FOLDER   BERT-base size (110 million weights, 440 MB twice)
  models.py tiny FOLDER    a few kilobytes: float32 and, in model_quantized.onnx,
                           int8 weights; for plugins/hf-local/testdata/onnx
"""

import argparse
import pathlib
import sys

import numpy as np
import onnx
import onnxruntime
import tokenizers
import torch
import transformers
from onnx import TensorProto, helper, numpy_helper

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
WORDS = (
    "printer password vpn invoice server laptop update mail drucker passwort rechnung aktualisierung nicht mehr not "
    "working is the my mein der die das bitte please reset red light blinks geht does , . ! ?"
).split()


def vocabulary(size):
    words = SPECIAL + WORDS + list("abcdefghijklmnopqrstuvwxyz0123456789") + ["##" + c for c in "abcdefghijklmnopqrstuvwxyz0123456789"]
    return (words + [f"word{i}" for i in range(size)])[:size]


def make(config, folder):
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(1)
    model = transformers.BertForSequenceClassification(config).eval()
    with torch.no_grad():
        for name, p in model.named_parameters():  # biases and norms that differ from their start values
            if p.dim() == 1:
                p.add_(torch.randn_like(p) * 0.02)
    model.save_pretrained(folder)
    words = {w: i for i, w in enumerate(vocabulary(config.vocab_size))}
    t = tokenizers.BertWordPieceTokenizer(words, lowercase=True)
    transformers.BertTokenizer(tokenizer_object=t._tokenizer, model_max_length=config.max_position_embeddings).save_pretrained(folder)
    return model


class Graph:
    """An ONNX graph under construction; every method adds a node and returns its result."""

    def __init__(self):
        self.nodes, self.constants = [], []

    def constant(self, name, value):
        self.constants.append(numpy_helper.from_array(np.array(value, order="C"), name))
        return name

    def node(self, kind, *inputs, **attributes):
        result = f"{kind}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [result], name=result, **attributes))
        return result


def graph(model):
    config = model.config
    w = {k: v.detach().numpy() for k, v in model.state_dict().items()}
    g = Graph()
    put = lambda name: g.constant(name, w[name])
    ints = lambda name, *v: g.constant(name, np.array(v, dtype=np.int64))
    scalar = lambda name, v: g.constant(name, np.array(v, dtype=np.float32))

    def linear(x, name):
        return g.node("Add", g.node("MatMul", x, g.constant(name + ".weight_t", w[name + ".weight"].T)), put(name + ".bias"))

    def norm(x, name):
        return g.node("LayerNormalization", x, put(name + ".weight"), put(name + ".bias"), axis=-1, epsilon=config.layer_norm_eps)

    zero, one, last = ints("zero", 0), ints("one", 1), ints("axis_last", -1)
    heads, width = config.num_attention_heads, config.hidden_size // config.num_attention_heads
    split, join = ints("split", 0, 0, heads, width), ints("join", 0, 0, config.hidden_size)
    root_two, half, unit = scalar("root_two", np.sqrt(2)), scalar("half", 0.5), scalar("unit", 1)
    root, lowest = scalar("root", np.sqrt(width)), scalar("lowest", np.finfo(np.float32).min)

    e = "bert.embeddings."
    length = g.node("Slice", g.node("Shape", "input_ids"), one, ints("two", 2), zero)
    places = g.node("Slice", g.constant("position_ids", np.arange(config.max_position_embeddings, dtype=np.int64)[None]), zero, length, one)
    x = g.node("Add", g.node("Gather", put(e + "word_embeddings.weight"), "input_ids"), g.node("Gather", put(e + "token_type_embeddings.weight"), "token_type_ids"))
    x = norm(g.node("Add", x, g.node("Gather", put(e + "position_embeddings.weight"), places)), e + "LayerNorm")
    mask = g.node("Cast", g.node("Unsqueeze", "attention_mask", ints("mask_axes", 1, 2)), to=TensorProto.FLOAT)
    mask = g.node("Mul", g.node("Sub", unit, mask), lowest)
    for i in range(config.num_hidden_layers):
        layer = f"bert.encoder.layer.{i}."
        a = layer + "attention."
        parts = lambda name, order: g.node("Transpose", g.node("Reshape", linear(x, a + "self." + name), split), perm=order)
        q, k, v = parts("query", [0, 2, 1, 3]), parts("key", [0, 2, 3, 1]), parts("value", [0, 2, 1, 3])
        s = g.node("Softmax", g.node("Add", g.node("Div", g.node("MatMul", q, k), root), mask), axis=-1)
        c = g.node("Reshape", g.node("Transpose", g.node("MatMul", s, v), perm=[0, 2, 1, 3]), join)
        x = norm(g.node("Add", linear(c, a + "output.dense"), x), a + "output.LayerNorm")
        h = linear(x, layer + "intermediate.dense")
        h = g.node("Mul", g.node("Mul", h, g.node("Add", g.node("Erf", g.node("Div", h, root_two)), unit)), half)
        x = norm(g.node("Add", linear(h, layer + "output.dense"), x), layer + "output.LayerNorm")
    first = g.node("Gather", x, g.constant("first", np.array(0, dtype=np.int64)), axis=1)
    gemm = lambda x, name: g.node("Gemm", x, put(name + ".weight"), put(name + ".bias"), transB=1)
    logits = gemm(g.node("Tanh", gemm(first, "bert.pooler.dense")), "classifier")
    g.nodes[-1].output[0] = "logits"

    size = ["batch", "sequence"]
    inputs = [helper.make_tensor_value_info(n, TensorProto.INT64, size) for n in ["input_ids", "attention_mask", "token_type_ids"]]
    outputs = [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", config.num_labels])]
    built = helper.make_graph(g.nodes, "bert", inputs, outputs, g.constants)
    return helper.make_model(built, opset_imports=[helper.make_opsetid("", 17)], ir_version=8, producer_name="otai tools/hf-bench")


def compare(model, path, tolerance):
    session = onnxruntime.InferenceSession(path)
    ids = torch.randint(5, model.config.vocab_size, (3, 17))
    mask = torch.ones_like(ids)
    mask[1, 9:] = 0
    want = model(input_ids=ids, attention_mask=mask).logits.detach().numpy()
    got = session.run(None, {"input_ids": ids.numpy(), "attention_mask": mask.numpy(), "token_type_ids": np.zeros_like(ids.numpy())})[0]
    difference = np.abs(got - want).max()
    print(f"{path}: largest difference of a logit from transformers: {difference:.2g}")
    if difference > tolerance:
        sys.exit("that is too much")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("size", choices=["bench", "tiny"])
    parser.add_argument("folder", type=pathlib.Path)
    args = parser.parse_args()
    if args.size == "bench":
        config = transformers.BertConfig(num_labels=10)
    else:
        config = transformers.BertConfig(
            vocab_size=112, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16,
            max_position_embeddings=24, initializer_range=0.6, num_labels=3, id2label={0: "hardware", 1: "access", 2: "billing"},
            label2id={"hardware": 0, "access": 1, "billing": 2},
        )
    config.architectures = ["BertForSequenceClassification"]
    model = make(config, args.folder)
    path = args.folder / "model.onnx"
    onnx.save(graph(model), path)
    compare(model, path, 1e-4)
    if args.size == "tiny":
        from onnxruntime.quantization import QuantType, quantize_dynamic

        quantize_dynamic(path, args.folder / "model_quantized.onnx", weight_type=QuantType.QInt8)
        compare(model, args.folder / "model_quantized.onnx", 1)


if __name__ == "__main__":
    main()
