#!/usr/bin/env python3
"""Records what HuggingFace transformers answers for every architecture that the
plugin hf-local computes, besides BERT, which record.py does.

Builds small classifiers of random weights with tokenizers of their kind, without
any download, saves them into plugins/hf-local/testdata/models/NAME (each in
another format of weights) and writes

  testdata/classify_NAME.json   texts with the ids, logits and scores of transformers
  testdata/deberta_buckets.json DeBERTa's distances by bucket
  testdata/variants.json        logits when keys of the configurations are changed
  testdata/activations.json     the functions that configurations name
  testdata/torch/               small files of torch.save

Needs: pip install torch transformers tokenizers safetensors sentencepiece.
Usage: record_models.py [NAME…], from any folder. Versions are written into the
files. The trainers of tokenizers break ties by chance: another run gives other
vocabularies, and with them other ids and logits.
"""

import json
import pathlib
import shutil
import sys
import tempfile

import safetensors.torch
import tokenizers
import torch
import transformers
from tokenizers import decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers.activations import ACT2CLS, ACT2FN
from transformers.models.deberta_v2.modeling_deberta_v2 import make_log_bucket_position

import record

OUT = record.OUT
TOKENS = 40  # what a model reads at most, unless it says otherwise


def texts(special):
    """record.py's texts, with the special tokens of the vocabulary in some."""
    return record.texts() + [f"{special['pad_token']} printer", f"a{special['pad_token']}b {special['mask_token']}", special["sep_token"]]


def wordpiece(tokens, lowercase=True):
    vocab = record.vocabulary(lowercase, 360)
    special = dict(unk_token="[UNK]", sep_token="[SEP]", pad_token="[PAD]", cls_token="[CLS]", mask_token="[MASK]")
    return transformers.BertTokenizer(vocab=vocab, model_max_length=tokens, do_lower_case=lowercase, **special), special


def fast(t, tokens, special, pad):
    """The library's tokenizer t with a template of that kind's special tokens."""
    cls, sep = special["cls_token"], special["sep_token"]
    t.post_processor = processors.TemplateProcessing(
        single=f"{cls} $A {sep}", pair=f"{cls} $A {sep} {sep} $B {sep}", special_tokens=[(cls, t.token_to_id(cls)), (sep, t.token_to_id(sep))]
    )
    assert t.token_to_id(special["pad_token"]) == pad
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=t, model_max_length=tokens, model_input_names=["input_ids", "attention_mask"], **special
    ), special


def byte_bpe(tokens, special, order, pad):
    t = tokenizers.Tokenizer(models.BPE())
    t.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    t.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=420, special_tokens=order, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )
    t.train_from_iterator(record.SENTENCES, trainer)
    return fast(t, tokens, special, pad)


def unigram(tokens, special, order, pad, unknown):
    t = tokenizers.Tokenizer(models.Unigram())
    t.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Replace(tokenizers.Regex(" {2,}"), " ")])
    t.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    t.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="always")
    trainer = trainers.UnigramTrainer(vocab_size=360, special_tokens=order, unk_token=unknown, show_progress=False)
    t.train_from_iterator(record.SENTENCES * 4, trainer)
    return fast(t, tokens, special, pad)


ROBERTA = dict(cls_token="<s>", bos_token="<s>", pad_token="<pad>", sep_token="</s>", eos_token="</s>", unk_token="<unk>", mask_token="<mask>")
ROBERTA_ORDER = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
BERT = dict(cls_token="[CLS]", pad_token="[PAD]", sep_token="[SEP]", unk_token="[UNK]", mask_token="[MASK]")


def labels(*names):
    return dict(id2label=dict(enumerate(names)), label2id={n: i for i, n in enumerate(names)})


def widen(m, seed):
    """The usual initialization is so small that every text gets nearly the same
    logits, and every norm and bias is trivial: widen and shift all."""
    torch.manual_seed(seed)
    with torch.no_grad():
        for name, p in m.named_parameters():
            if "norm" in name.lower() and name.endswith("weight"):
                p.copy_(1 + 0.2 * torch.randn_like(p))
            elif p.ndim == 1:
                p.copy_(0.2 * torch.randn_like(p))
            elif "embeddings" in name:
                p.copy_(torch.randn_like(p) * 0.5)
            else:
                inputs = p[0].numel()
                p.copy_(torch.randn_like(p) * 1.2 / inputs**0.5)
    return m.eval()


def save(name, m, tokenizer, weights, dtype=None):
    """Saves m with its weights in one of the formats that transformers reads."""
    folder = OUT / "models" / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    tokenizer.save_pretrained(folder)
    if dtype:
        m = m.to(dtype)
    m.save_pretrained(folder)
    state = m.state_dict()
    single = folder / "model.safetensors"
    names = sorted(state)
    halves = [dict.fromkeys(names[::2]), dict.fromkeys(names[1::2])]

    def shards(stem, ending, write):
        single.unlink()
        index = {"metadata": {"total_size": sum(t.numel() * t.element_size() for t in state.values())}, "weight_map": {}}
        for i, part in enumerate(halves):
            file = f"{stem}-{i + 1:05}-of-{len(halves):05}.{ending}"
            write({n: state[n] for n in part}, folder / file)
            index["weight_map"].update({n: file for n in part})
        (folder / f"{stem}.{ending}.index.json").write_text(json.dumps(index, indent=1, sort_keys=True) + "\n")

    if weights == "sharded safetensors":
        shards("model", "safetensors", lambda part, path: safetensors.torch.save_file(part, path, metadata={"format": "pt"}))
    elif weights == "pytorch":
        single.unlink()
        torch.save(state, folder / "pytorch_model.bin")
    elif weights == "old pytorch":
        single.unlink()
        torch.save(state, folder / "pytorch_model.bin", _use_new_zipfile_serialization=False)
    elif weights == "sharded pytorch":
        shards("pytorch_model", "bin", torch.save)
    else:
        assert weights == "safetensors"


def answers(name, special):
    folder = OUT / "models" / name
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    m = transformers.AutoModelForSequenceClassification.from_pretrained(folder, attn_implementation="eager", dtype=torch.float32).eval()
    if tokenizer.model_max_length > 10**9:
        tokenizer.model_max_length = m.config.max_position_embeddings - 2
    pipe = transformers.pipeline("text-classification", model=m, tokenizer=tokenizer, device="cpu")
    cases, single = [], []
    for text in texts(special):
        e = tokenizer(text, truncation=True, return_tensors="pt")
        with torch.no_grad():
            logits = m(**e).logits[0]
        single.append(logits)
        cases.append({
            "text": text,
            "ids": e["input_ids"][0].tolist(),
            "truncated": len(tokenizer(text)["input_ids"]) > e["input_ids"].shape[1],
            "logits": [float(x) for x in logits],
            "scores": pipe(text, top_k=None, truncation=True),
        })
    difference, spread = record.compare_padded(m, tokenizer, texts(special), torch.stack(single))
    versions = {"transformers": transformers.__version__, "tokenizers": tokenizers.__version__, "torch": torch.__version__}
    record.write(f"classify_{name}.json", {"versions": versions, "padded_batch_differs_by": difference, "cases": cases})
    size = sum(f.stat().st_size for f in folder.iterdir())
    print(name, "texts", len(cases), "longest", max(len(c["ids"]) for c in cases), "bytes", size, "spread", spread, "padding", difference)


def distilbert():
    t, special = wordpiece(TOKENS)
    c = transformers.DistilBertConfig(
        vocab_size=len(t), max_position_embeddings=TOKENS, dim=36, n_heads=3, n_layers=2, hidden_dim=68, activation="relu",
        **labels("no", "yes", "perhaps"))
    return transformers.DistilBertForSequenceClassification(c), t, special, "old pytorch", None


def roberta():
    t, special = byte_bpe(TOKENS, ROBERTA, ROBERTA_ORDER, 1)
    c = transformers.RobertaConfig(
        vocab_size=len(t), max_position_embeddings=TOKENS + 2, hidden_size=40, num_attention_heads=5, num_hidden_layers=2,
        intermediate_size=60, type_vocab_size=1, layer_norm_eps=1e-5, **labels("Hardware", "Software", "Rechnung"))
    return transformers.RobertaForSequenceClassification(c), t, special, "sharded safetensors", None


def xlm_roberta():
    t, special = unigram(10**30, ROBERTA, ROBERTA_ORDER, 1, "<unk>")  # the model's positions are the limit
    c = transformers.XLMRobertaConfig(
        vocab_size=len(t), max_position_embeddings=TOKENS + 2, hidden_size=32, num_attention_heads=4, num_hidden_layers=2,
        intermediate_size=48, type_vocab_size=1, layer_norm_eps=1e-5, hidden_act="gelu_new",
        problem_type="multi_label_classification", **labels("urgent", "angry"))
    return transformers.XLMRobertaForSequenceClassification(c), t, special, "safetensors", torch.bfloat16


def camembert():
    t, special = unigram(TOKENS, ROBERTA, ROBERTA_ORDER, 1, "<unk>")
    c = transformers.CamembertConfig(
        vocab_size=len(t), max_position_embeddings=TOKENS + 2, hidden_size=32, num_attention_heads=2, num_hidden_layers=2,
        intermediate_size=64, type_vocab_size=1, layer_norm_eps=1e-5, hidden_act="mish", problem_type="regression", **labels("score"))
    return transformers.CamembertForSequenceClassification(c), t, special, "pytorch", None


def electra():
    t, special = wordpiece(TOKENS, lowercase=False)
    c = transformers.ElectraConfig(
        vocab_size=len(t), max_position_embeddings=TOKENS, embedding_size=20, hidden_size=44, num_attention_heads=4, num_hidden_layers=2,
        intermediate_size=70, hidden_act="quick_gelu", **labels("a", "b", "c", "d"))
    return transformers.ElectraForSequenceClassification(c), t, special, "safetensors", torch.float16


def deberta(weights, tokens=TOKENS, **changes):
    order = ["[PAD]", "[CLS]", "[SEP]", "[UNK]", "[MASK]"]
    t, special = unigram(tokens, BERT, order, 0, "[UNK]")
    c = transformers.DebertaV2Config(
        vocab_size=len(t), max_position_embeddings=tokens, hidden_size=36, num_attention_heads=3, num_hidden_layers=2,
        intermediate_size=64, **labels("Hardware", "Software", "Rechnung"), **changes)
    return transformers.DebertaV2ForSequenceClassification(c), t, special, weights, None


def deberta_v3():
    return deberta(
        "safetensors", tokens=90, relative_attention=True, position_buckets=16, norm_rel_ebd="layer_norm", share_att_key=True,
        pos_att_type="p2c|c2p", position_biased_input=False, type_vocab_size=0)


def deberta_v2():
    return deberta(
        "sharded pytorch", tokens=70, relative_attention=True, position_buckets=8, norm_rel_ebd="layer_norm", share_att_key=True,
        pos_att_type="p2c|c2p", position_biased_input=False, conv_kernel_size=3, conv_act="gelu", conv_groups=2,
        pooler_hidden_act="tanh")


def deberta_plain():
    """Own projections of positions, no buckets, distances beyond the largest one,
    absolute positions and types, a narrower embedding."""
    return deberta(
        "safetensors", relative_attention=True, max_relative_positions=12, pos_att_type=["c2p", "p2c"], position_biased_input=True,
        type_vocab_size=2, embedding_size=28, pooler_hidden_act="relu")


MODERN_ORDER = ["[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]"]


def modernbert(tokens, **changes):
    t, special = byte_bpe(tokens, BERT, MODERN_ORDER, 3)
    c = transformers.ModernBertConfig(
        vocab_size=len(t), max_position_embeddings=tokens, hidden_size=32, num_attention_heads=2, intermediate_size=40,
        pad_token_id=3, cls_token_id=1, bos_token_id=1, sep_token_id=2, eos_token_id=2, **changes)
    return transformers.ModernBertForSequenceClassification(c), t, special, "safetensors", None


def modernbert_mean():
    return modernbert(
        200, num_hidden_layers=4, local_attention=16, classifier_pooling="mean", norm_bias=True, attention_bias=True, mlp_bias=True,
        classifier_bias=True, classifier_activation="silu", **labels("Hardware", "Software", "Rechnung"))


def modernbert_cls():
    return modernbert(
        300, num_hidden_layers=3, local_attention=64, global_attn_every_n_layers=2, rope_parameters={
            "full_attention": {"rope_type": "default", "rope_theta": 80000.0}, "sliding_attention": {"rope_type": "default", "rope_theta": 500.0}},
        **labels("no", "yes"))


MODELS = [distilbert, roberta, xlm_roberta, camembert, electra, deberta_v3, deberta_v2, deberta_plain, modernbert_mean, modernbert_cls]


def buckets():
    """DeBERTa's bucket of each distance, for settings that models have."""
    rows = []
    for size, largest in [(256, 512), (8, 40), (16, 90), (32, 128), (64, 512), (128, 1024), (256, 1024), (48, 333)]:
        distances = torch.arange(0, min(largest + 40, 1100))
        rows.append({"buckets": size, "positions": largest, "of": [int(b) for b in make_log_bucket_position(distances, size, largest)]})
    record.write("deberta_buckets.json", {"torch": torch.__version__, "cases": rows})


def activations():
    """The values of every activation that has no weights."""
    points = torch.cat([torch.linspace(-12, 12, 49), torch.tensor([-90.0, 90.0, 1e-4])])
    rows = []
    for name in sorted(ACT2CLS):
        f = ACT2FN[name]
        if not list(f.parameters()):
            rows.append({"name": name, "of": [float(y) for y in f(points)]})
    record.write("activations.json", {"torch": torch.__version__, "points": [float(x) for x in points], "cases": rows})


VARIANTS = [
    ("cased", {"hidden_act": "gelu_fast", "layer_norm_eps": 1e-2}),
    ("cased", {"hidden_act": "hardswish", "num_attention_heads": 10}),
    ("distilbert", {"activation": "silu", "n_heads": 6}),
    ("roberta", {"pad_token_id": 0, "layer_norm_eps": 1e-12}),
    ("xlm_roberta", {"hidden_act": "laplace"}),
    ("electra", {"num_attention_heads": 2, "layer_norm_eps": 1e-2}),
    ("deberta_plain", {"pos_att_type": ["c2p"]}),
    ("deberta_plain", {"pos_att_type": "p2c"}),
    ("deberta_plain", {"pos_att_type": None}),
    ("deberta_plain", {"relative_attention": False, "position_biased_input": False, "type_vocab_size": 0}),
    ("deberta_plain", {"share_att_key": True, "position_buckets": 12, "pooler_hidden_act": "sigmoid"}),
    ("deberta_v3", {"norm_rel_ebd": "none", "num_attention_heads": 9}),
    ("deberta_v3", {"max_relative_positions": 40, "layer_norm_eps": 1e-3}),
    ("deberta_v2", {"conv_act": "tanh", "relative_attention": False}),
    ("modernbert_cls", {"local_attention": 15, "classifier_pooling": "mean"}),
    ("modernbert_cls", {"layer_types": ["sliding_attention"] * 3, "local_attention": 1}),
    ("modernbert_cls", {"layer_types": None, "global_attn_every_n_layers": 1, "hidden_activation": "relu"}),
    ("modernbert_cls", {"rope_parameters": None, "num_attention_heads": 8, "norm_eps": 1e-2}),
    ("modernbert_mean", {"classifier_activation": "relu2", "classifier_pooling": "cls", "local_attention": 400}),
]
VARIANT_CASES = [0, 3, 11, 18, 21, 34, 35, 47]


def variants():
    """The logits of saved models when keys of config.json are changed."""
    rows = []
    for name, changes in VARIANTS:
        cases = json.loads((OUT / f"classify_{name}.json").read_text())["cases"]
        with tempfile.TemporaryDirectory() as folder:
            shutil.copytree(OUT / "models" / name, folder, dirs_exist_ok=True)
            path = pathlib.Path(folder) / "config.json"
            config = json.loads(path.read_text())
            config.update(changes)
            path.write_text(json.dumps({k: v for k, v in config.items() if v is not None}))
            m = transformers.AutoModelForSequenceClassification.from_pretrained(folder, attn_implementation="eager", dtype=torch.float32).eval()
            logits, changed = [], 0.0
            for i in VARIANT_CASES:
                if i >= len(cases):
                    continue
                ids = torch.tensor([cases[i]["ids"]])
                with torch.no_grad():
                    got = m(input_ids=ids, attention_mask=torch.ones_like(ids)).logits[0]
                changed = max(changed, max(abs(a - b) for a, b in zip(got.tolist(), cases[i]["logits"])))
                logits.append({"case": i, "logits": got.tolist()})
        assert changed > 5e-4, f"{changes} of {name} change the logits by {changed} only"
        rows.append({"model": name, "changes": changes, "of": logits})
    record.write("variants.json", {"transformers": transformers.__version__, "cases": rows})


def torch_files():
    """What torch.save writes, as small as it gets, for the reader of such files."""
    folder = OUT / "torch"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    block = torch.arange(6, dtype=torch.float32)
    state = torch.nn.Linear(1, 1).state_dict()  # an OrderedDict with attributes
    state.update({
        "single": block.view(2, 3), "behind": block[4:], "scalar": torch.tensor(7.0), "empty": torch.zeros(0, 3), "nothing": torch.zeros(3, 0),
        "half": torch.tensor([0.5, -2.0]).half(), "bfloat": torch.tensor([1.5]).bfloat16(), "double": torch.tensor([3.0]).double(),
        "count": torch.tensor(9), "parameter": torch.nn.Parameter(torch.tensor([4.0])), "text": "no tensor", "list": [1, 2.5, None, True, -1, 70000, 2**70],
    })
    torch.save(state, folder / "zip.bin")
    torch.save(state, folder / "stream.bin", _use_new_zipfile_serialization=False)
    torch.save(state, folder / "protocol4.bin", pickle_protocol=4)
    matrix, block = torch.arange(6.0).view(2, 3), torch.arange(24.0).view(2, 3, 4)
    torch.save({"matrix": matrix.t(), "block": block.transpose(0, 1)}, folder / "transposed.bin")
    torch.save(torch.nn.Linear(1, 1), folder / "module.bin")
    torch.save([torch.ones(1)], folder / "list.bin")


def main():
    chosen = sys.argv[1:]
    for seed, build in enumerate(MODELS):
        name = build.__name__
        if chosen and name not in chosen:
            continue
        m, tokenizer, special, weights, dtype = build()
        save(name, widen(m, seed + 1), tokenizer, weights, dtype)
        answers(name, special)
    if not chosen or "buckets" in chosen:
        buckets()
    if not chosen or "variants" in chosen:
        variants()
    if not chosen or "activations" in chosen:
        activations()
    if not chosen or "torch" in chosen:
        torch_files()


if __name__ == "__main__":
    main()
