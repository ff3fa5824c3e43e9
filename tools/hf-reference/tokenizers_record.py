#!/usr/bin/env python3
"""Records what HuggingFace transformers, tokenizers and sentencepiece make of a
few thousand strings, for each kind of tokenizer that the plugin hf-local reads.

Makes small tokenizers of the sentences of record.py, saves them as models have
them, loads them again as a user would, and writes into
plugins/hf-local/internal/tokenizer/testdata

  strings.json.gz  the strings
  NAME.zip         a tokenizer's files, and ids.json: the ids of each string
  settings.json    ids with other settings beside those files

Needs: pip install torch transformers tokenizers sentencepiece.
Usage: tokenizers_record.py [--random N SEED] [--out FOLDER]
  --random  other strings: N of them, made with that seed
"""

import argparse
import collections
import gzip
import json
import pathlib
import random
import tempfile
import zipfile

import sentencepiece
import tokenizers
import transformers
from sentencepiece import sentencepiece_model_pb2
from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers, processors

import record

OUT = pathlib.Path(__file__).resolve().parents[2] / "plugins/hf-local/internal/tokenizer/testdata"

MORE = """
Guten Tag, seit dem letzten Update startet Outlook nicht mehr und zeigt den Fehlercode 0x8004010F an.
Könnten Sie mir bitte ein neues Headset bestellen? Meins knackt ständig während der Telefonate.
Die Zugangsdaten für das Kundenportal funktionieren nicht, obwohl ich sie gerade erst geändert habe.
Der Beamer im Besprechungsraum 3 flackert; außerdem fehlt das HDMI-Kabel.
Unsere Außendienstmitarbeiter können sich über Mobilfunk nicht mit dem Firmennetz verbinden.
Ich möchte meinen Vertrag kündigen und bitte um eine schriftliche Bestätigung.
Warum wurde mir für September zweimal die Gebühr von 49,90 € berechnet?
Das Überwachungssystem meldet, dass die Festplatte im Server srv-db-02 zu 97 % belegt ist.
Hello team, since yesterday's patch the CRM is painfully slow and times out after thirty seconds.
Could you please add jürgen.weiß@firma.de to the distribution list "Vertrieb-Süd"?
I've lost my access card and can't get into the building; whom should I contact?
The attachment of ticket #48213 is corrupted: "unexpected end of archive".
We're moving to a new office on 1 March and they'll need twelve network sockets there.
My colleague doesn't receive any e-mails from outside the company, internal ones are fine.
Please find enclosed the log file; the exception occurs whenever I press Ctrl+S.
It'd be great if you'd restore the folder "Q3 reports" from last night's backup.
Le serveur de fichiers ne répond plus, merci de vérifier la connexion.
No puedo iniciar sesión en el portal, ¿podrían restablecer mi contraseña?
Принтер не печатает, горит красная лампочка. 無線ネットワークに接続できません。
""".strip().split("\n")

SPECIALS = ["[CLS]", "[SEP]", "[MASK]", "[PAD]", "[UNK]", "<s>", "</s>", "<mask>", "<pad>", "<unk>", "<|endoftext|>", "▁", "▁▁", "Ġ", "##", "<ticket>", "<NAME>", "strasse", "<0x41>"]
PARTS = ["http://example.com/a?b=c&d=e#f", "<p class='x'>Hallo&nbsp;Welt</p><br/>", "👨‍👩‍👧‍👦", "🏳️‍🌈", "👍🏽", "🇩🇪🇫🇷", "1️⃣", "e\u0301\u0323", "q\u0307\u0323", "\u1e9b\u0323", "ﬃ", "①②", "Ⅷ", "㍿", "ｶﾞ", "한국어", "각", "日本語", "你好", "שָׁלוֹם", "مَرْحَبًا", "हिन्दी", "ไทย", "க்ஷ",
         "\u200b", "\u200d", "\ufeff", "\u00ad", "\xa0", "\u202f", "\u3000", "\x00", "\x07", "\x1b[31m", "\x7f", "\x85", "\u2028", "\ufffd", "\u0378", "\ue000", "\U000e0041", "\U0010ffff", "\u0600", "\u06dd1", "©\ufe0f", "©\u200d©", "don't", "we'll", "I'VE", "'s", "’s", "\r\n", "\n\n", "\t", "   ", "  \n  ", "``", "''", "1234567", "12,50 €", "½", "²", "٣", "x" * 101, "ä" * 130, "Donaudampfschifffahrtsgesellschaftskapitän"]


def generate(rng):
    """One string that somebody may send, or nobody would."""
    words = [w for s in record.SENTENCES + MORE for w in s.split()]
    kind = rng.random()
    if kind < 0.35:  # ordinary text
        text = " ".join(rng.choice(words) for _ in range(rng.randint(1, 14)))
        return rng.choice([str, str.upper, str.lower, str.title])(text)
    if kind < 0.75:  # mixtures
        pool = words + record.HOSTILE[1:] + PARTS * 3 + SPECIALS * 3
        glue = ["", "", " ", " ", "  ", "\n", "-", ".", "\u0301", "\u200d"]
        return "".join(rng.choice(pool)[:60] + rng.choice(glue) for _ in range(rng.randint(1, 9)))
    planes = [(0, 0x7F), (0x20, 0x7F), (0xA0, 0x24F), (0x250, 0x5FF), (0x300, 0x36F), (0x600, 0x1FFF), (0x2000, 0x2FFF), (0x3000, 0xD7FF), (0xE000, 0xFFFF), (0x10000, 0x1FFFF), (0x20000, 0x323AF), (0xE0000, 0x10FFFF)]
    if kind < 0.9:  # characters of anywhere
        return "".join(chr(rng.randint(*rng.choice(planes))) for _ in range(rng.randint(1, 24)))
    plane = rng.choice(planes[:9])  # of one script, with marks and blanks between
    return "".join(rng.choice([chr(rng.randint(*plane)), chr(rng.randint(*plane)), " ", chr(rng.randint(0x300, 0x36F))]) for _ in range(rng.randint(1, 30)))


def strings(n, seed):
    rng = random.Random(seed)
    fixed = [] if seed else list(dict.fromkeys(record.SENTENCES + MORE + record.HOSTILE + PARTS + SPECIALS + [" " + p + " " for p in PARTS + SPECIALS]))
    return fixed + [generate(rng) for _ in range(n - len(fixed))]


def corpus():
    return record.SENTENCES + MORE + [h for h in record.HOSTILE if len(h) < 40 and h.isprintable()] + [p for p in PARTS if p.isprintable()]


def pieces(size, lowercase=False):
    """The vocabulary of record.py, made of more sentences."""
    known, record.SENTENCES = record.SENTENCES, record.SENTENCES + MORE
    try:
        return record.vocabulary(lowercase, size)
    finally:
        record.SENTENCES = known


def learn(words, alphabet, merges):
    """Byte pair encoding of words, each a tuple of symbols: vocabulary and merges.
    (The trainer of tokenizers breaks ties by chance.)"""
    vocabulary = list(alphabet)
    learned = []
    words = collections.Counter(words)
    while len(learned) < merges:
        pairs = collections.Counter()
        for word, n in words.items():
            for pair in zip(word, word[1:]):
                pairs[pair] += n
        if not pairs:
            break
        best = max(pairs, key=lambda p: (pairs[p], p))
        learned.append(best)
        new = best[0] + best[1]
        if new not in vocabulary:
            vocabulary.append(new)
        merged = collections.Counter()
        for word, n in words.items():
            out, i = [], 0
            while i < len(word):
                if word[i : i + 2] == best:
                    out.append(new)
                    i += 2
                else:
                    out.append(word[i])
                    i += 1
            merged[tuple(out)] += n
        words = merged
    return vocabulary, learned


def byte_level(splitter, specials, merges=600):
    words = [tuple(w) for s in corpus() for w, _ in splitter.pre_tokenize_str(s)]
    vocabulary, learned = learn(words, sorted(pre_tokenizers.ByteLevel.alphabet()), merges)
    return {w: i for i, w in enumerate(specials + vocabulary)}, learned


def spm(folder, name, **options):
    """A sentencepiece model, trained on our sentences."""
    text = folder / "corpus.txt"
    text.write_text("\n".join(s for s in corpus() * 3 if "\n" not in s))
    target = folder / name
    args = dict(vocab_size=700, hard_vocab_limit=False, character_coverage=0.98, num_threads=1, minloglevel=2, normalization_rule_name="nmt_nfkc")
    sentencepiece.SentencePieceTrainer.train(input=str(text), model_prefix=str(target.with_suffix("")), **{**args, **options})
    text.unlink()
    target.with_suffix(".vocab").unlink()
    trained = target.with_suffix(".model")
    if trained != target:
        trained.rename(target)
    return sentencepiece_model_pb2.ModelProto.FromString(target.read_bytes())


def write_json(path, value):
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n")


def config(folder, model_type, **more):
    write_json(folder / "config.json", {"model_type": model_type, **more})


def auto(folder):
    t = transformers.AutoTokenizer.from_pretrained(folder)
    return lambda text: t(text)["input_ids"]


def plain(folder):
    t = Tokenizer.from_file(str(folder / "tokenizer.json"))
    return lambda text: t.encode(text).ids


def saved(t, folder, model_type):
    t.save_pretrained(folder)
    config(folder, model_type)
    return auto(folder)


# Each of these fills a folder and returns what encodes a string.

ODD = [
    AddedToken("<ticket>", lstrip=True, rstrip=True, normalized=False),
    AddedToken("<NAME>", single_word=True, normalized=False),
    AddedToken("Straße", normalized=True),
    AddedToken("<MASK>", lstrip=True, normalized=True, single_word=True),
]


def bert_cased(folder):
    return saved(transformers.BertTokenizer(vocab=pieces(900), do_lower_case=False), folder, "bert")


def bert_uncased(folder):
    t = transformers.BertTokenizer(vocab=pieces(900, True), do_lower_case=True)
    t.add_tokens(ODD)
    return saved(t, folder, "bert")


def bert_slow(folder):
    vocab = pieces(900, True)
    (folder / "vocab.txt").write_text("".join(w + "\n" for w in vocab))
    write_json(folder / "tokenizer_config.json", {"do_lower_case": True, "strip_accents": False, "tokenize_chinese_chars": False, "model_max_length": 512})
    config(folder, "bert")
    return auto(folder)


def distilbert_slow(folder):
    vocab = pieces(900)
    (folder / "vocab.txt").write_text("".join(w + "\n" for w in vocab))
    write_json(folder / "tokenizer_config.json", {"do_lower_case": False, "tokenizer_class": "DistilBertTokenizer"})
    write_json(folder / "special_tokens_map.json", {"cls_token": "[CLS]", "sep_token": "[SEP]", "unk_token": "[UNK]", "pad_token": "[PAD]", "mask_token": {"content": "[MASK]", "lstrip": True, "rstrip": False, "normalized": False, "single_word": False}, "additional_special_tokens": ["<ticket>"]})
    write_json(folder / "added_tokens.json", {"<ticket>": len(vocab), "<NAME>": len(vocab) + 1})
    config(folder, "distilbert")
    return auto(folder)


def electra(folder):
    return saved(transformers.BertTokenizer(vocab=pieces(700, True), do_lower_case=True, strip_accents=False), folder, "electra")


ROBERTA = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]


def roberta(folder):
    vocab, merges = byte_level(pre_tokenizers.ByteLevel(add_prefix_space=False), ROBERTA)
    t = transformers.RobertaTokenizer(vocab=vocab, merges=merges, mask_token=AddedToken("<mask>", lstrip=True))
    return saved(t, folder, "roberta")


def roberta_slow(folder):
    vocab, merges = byte_level(pre_tokenizers.ByteLevel(add_prefix_space=True), ROBERTA)
    write_json(folder / "vocab.json", vocab)
    (folder / "merges.txt").write_text("#version: 0.2\n" + "".join(f"{a} {b}\n" for a, b in merges))
    write_json(folder / "tokenizer_config.json", {"add_prefix_space": True, "model_max_length": 512})
    write_json(folder / "special_tokens_map.json", {"mask_token": {"content": "<mask>", "lstrip": True, "rstrip": False, "normalized": False, "single_word": False}})
    config(folder, "roberta")
    return auto(folder)


def modernbert(folder):
    specials = ["[CLS]", "[SEP]", "[UNK]", "[PAD]", "[MASK]"]
    vocab, merges = byte_level(pre_tokenizers.ByteLevel(add_prefix_space=False), [])
    t = Tokenizer(models.BPE(vocab=vocab, merges=merges))
    t.normalizer = normalizers.NFC()
    t.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    blanks = [AddedToken(" " * n, normalized=True) for n in range(12, 1, -1)]
    t.add_tokens([AddedToken("<|padding|>", special=True, normalized=False), AddedToken("<|endoftext|>", special=True, normalized=False)] + blanks)
    t.add_special_tokens(specials[:4] + [AddedToken("[MASK]", lstrip=True, special=True)])
    t.post_processor = processors.TemplateProcessing(single="[CLS]:0 $A:0 [SEP]:0", pair="[CLS]:0 $A:0 [SEP]:0 $B:0 [SEP]:0", special_tokens=[(s, t.token_to_id(s)) for s in ("[CLS]", "[SEP]")])
    fast = transformers.PreTrainedTokenizerFast(tokenizer_object=t, cls_token="[CLS]", sep_token="[SEP]", unk_token="[UNK]", pad_token="[PAD]", mask_token=AddedToken("[MASK]", lstrip=True, special=True), model_max_length=8192)
    return saved(fast, folder, "modernbert")


def xlm_roberta_slow(folder):
    spm(folder, "sentencepiece.bpe.model")
    config(folder, "xlm-roberta")
    return auto(folder)


def xlm_roberta(folder):
    xlm_roberta_slow(folder)
    return fast_from_slow(folder, "xlm-roberta")


def fast_from_slow(folder, kind):
    t = transformers.AutoTokenizer.from_pretrained(folder)
    (folder / "sentencepiece.bpe.model").unlink()
    return saved(t, folder, kind)


def camembert_slow(folder):
    spm(folder, "sentencepiece.bpe.model", vocab_size=600)
    config(folder, "camembert")
    return auto(folder)


def camembert(folder):
    camembert_slow(folder)
    return fast_from_slow(folder, "camembert")


DEBERTA = dict(pad_id=0, bos_id=1, eos_id=2, unk_id=3, pad_piece="[PAD]", bos_piece="[CLS]", eos_piece="[SEP]", unk_piece="[UNK]")


def deberta_v3_slow(folder):
    spm(folder, "spm.model", **DEBERTA)
    write_json(folder / "tokenizer_config.json", {"do_lower_case": False, "vocab_type": "spm"})
    config(folder, "deberta-v2")
    return auto(folder)


def deberta_v2(folder):
    spm(folder, "spm.model", user_defined_symbols=["<ticket>"], **DEBERTA)
    write_json(folder / "tokenizer_config.json", {"do_lower_case": True, "split_by_punct": True})
    config(folder, "deberta-v2")
    t = transformers.AutoTokenizer.from_pretrained(folder)
    (folder / "spm.model").unlink()
    return saved(t, folder, "deberta-v2")


def deberta_v3(folder):
    """As transformers 4 saved it: the converter for DeBERTa in convert_slow_tokenizer."""
    proto = spm(folder, "spm.model", **DEBERTA)
    (folder / "spm.model").unlink()
    t = Tokenizer(models.Unigram([(p.piece, p.score) for p in proto.pieces], unk_id=3, byte_fallback=False))
    t.normalizer = normalizers.Sequence([normalizers.Strip(), normalizers.Precompiled(proto.normalizer_spec.precompiled_charsmap), normalizers.Replace(Regex(" {2,}"), " ")])
    t.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")])
    t.add_special_tokens(["[PAD]", "[CLS]", "[SEP]", "[UNK]", "[MASK]"])
    t.post_processor = processors.TemplateProcessing(single="[CLS]:0 $A:0 [SEP]:0", pair="[CLS]:0 $A:0 [SEP]:0 $B:1 [SEP]:1", special_tokens=[("[CLS]", 1), ("[SEP]", 2)])
    t.save(str(folder / "tokenizer.json"))
    return plain(folder)


# What the models of today's architectures don't use, but a tokenizer.json may.


def word_level(folder):
    split = pre_tokenizers.Sequence([pre_tokenizers.Whitespace(), pre_tokenizers.Digits(individual_digits=True)])
    clean = normalizers.Sequence([normalizers.NFKD(), normalizers.StripAccents(), normalizers.Lowercase()])
    words = collections.Counter(w for s in corpus() for w, _ in split.pre_tokenize_str(clean.normalize_str(s)))
    vocab = {w: i for i, w in enumerate(["<unk>", "[CLS]", "[SEP]"] + sorted(words))}
    t = Tokenizer(models.WordLevel(vocab, unk_token="<unk>"))
    t.normalizer, t.pre_tokenizer = clean, split
    t.add_special_tokens(["[CLS]", "[SEP]"])
    t.post_processor = processors.BertProcessing(("[SEP]", 2), ("[CLS]", 1))
    t.save(str(folder / "tokenizer.json"))
    return plain(folder)


def byte_fallback(folder):
    """As LLaMA: characters, bytes for those that are missing, no words."""
    marked = [s.replace(" ", "▁") for s in corpus()]
    letters = sorted({c for s in record.SENTENCES for c in s.replace(" ", "▁")})
    vocabulary, learned = learn([tuple(w) for s in marked for w in s.replace("▁", " ▁").split(" ") if set(w) <= set(letters)], letters, 400)
    vocab = {w: i for i, w in enumerate(["<unk>", "<s>", "</s>"] + [f"<0x{b:02X}>" for b in range(256) if b != 0x9F] + vocabulary)}
    t = Tokenizer(models.BPE(vocab=vocab, merges=learned, unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    t.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    t.add_special_tokens(["<s>", "</s>", "<unk>"])
    t.post_processor = processors.TemplateProcessing(single="<s> $A", pair="<s> $A <s> $B", special_tokens=[("<s>", 1)])
    t.save(str(folder / "tokenizer.json"))
    # The first releases wrote merges as lines.
    file = json.loads((folder / "tokenizer.json").read_text())
    file["model"]["merges"] = [" ".join(m) for m in file["model"]["merges"]]
    write_json(folder / "tokenizer.json", file)
    return plain(folder)


CL100K = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"


def cl100k(folder):
    split = pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(CL100K), "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    vocab, merges = byte_level(split, ["<|endoftext|>"])
    vocab["Ġfrozen"] = vocab["ĠPrinter"] = len(vocab)
    vocab["ĠPrinter"] += 1
    t = Tokenizer(models.BPE(vocab=vocab, merges=merges, ignore_merges=True))
    t.pre_tokenizer = split
    t.add_special_tokens(["<|endoftext|>"])
    t.post_processor = processors.Sequence([processors.ByteLevel(trim_offsets=False), processors.TemplateProcessing(single="<|endoftext|> $A", pair="$A $B", special_tokens=[("<|endoftext|>", 0)])])
    t.save(str(folder / "tokenizer.json"))
    return plain(folder)


def patterns(folder):
    """Look-behind, possessive repetition, classes of classes."""
    pattern = r"[\p{L}&&[^äöü]]++|\p{N}{1,2}|(?<!\S)\p{P}+|[\p{Han}\p{Hiragana}]|\s+$|\s+?(?=\S)|[^\s\w]{2,}"
    t = Tokenizer(models.WordLevel({"<unk>": 0, **{w: i + 1 for i, w in enumerate(sorted({x for s in corpus() for x in s}))}}, unk_token="<unk>"))
    t.normalizer = normalizers.Sequence([normalizers.Replace(Regex(r"(?i)printer|\bvpn\b"), "x"), normalizers.Replace("''", '"'), normalizers.Nmt(), normalizers.NFKC(), normalizers.Strip(left=True, right=False)])
    t.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(pattern), "merged_with_previous"), pre_tokenizers.Split("a", "merged_with_next", invert=True), pre_tokenizers.Punctuation("contiguous"), pre_tokenizers.CharDelimiterSplit("-"), pre_tokenizers.FixedLength(3)])
    t.save(str(folder / "tokenizer.json"))
    return plain(folder)


def clip(folder):
    """Prefixes and suffixes of pieces, as GPT-1 and CLIP have them."""
    split = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Punctuation("removed"), pre_tokenizers.Digits()])
    words = [w for s in record.SENTENCES for w, _ in split.pre_tokenize_str(s.lower())]
    spelled = [tuple(("~" if i else "") + c + ("</w>" if i == len(w) - 1 else "") for i, c in enumerate(w)) for w in words]
    alphabet = sorted({c for w in spelled for c in w})
    vocabulary = list(alphabet)
    merges = []
    for a in [w for w in alphabet if not w.startswith("~")]:
        for b in [w for w in alphabet if w.startswith("~")]:
            if sum((a, b) == p for w in spelled for p in zip(w, w[1:])) > 1:
                merges.append((a, b))
                vocabulary.append(a + b[1:])
    t = Tokenizer(models.BPE(vocab={w: i for i, w in enumerate(["<unk>"] + list(dict.fromkeys(vocabulary)))}, merges=merges, unk_token="<unk>", continuing_subword_prefix="~", end_of_word_suffix="</w>"))
    t.normalizer = normalizers.Sequence([normalizers.NFD(), normalizers.Lowercase(), normalizers.Replace(Regex(r"\s+"), " ")])
    t.pre_tokenizer = split
    t.save(str(folder / "tokenizer.json"))
    return plain(folder)


def unigram_bytes(folder):
    proto = spm(folder, "x.model", byte_fallback=True, normalization_rule_name="nfkc_cf")
    (folder / "x.model").unlink()
    t = Tokenizer(models.Unigram([(p.piece, p.score) for p in proto.pieces], unk_id=0, byte_fallback=True))
    t.normalizer = normalizers.Sequence([normalizers.Precompiled(proto.normalizer_spec.precompiled_charsmap), normalizers.Strip(left=True, right=True)])
    t.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="first", split=False), pre_tokenizers.Punctuation("merged_with_next")])
    t.add_special_tokens(["<s>", "</s>"])
    t.add_tokens([AddedToken("<ticket>", normalized=True, rstrip=True), "Über"])
    t.save(str(folder / "tokenizer.json"))
    return plain(folder)


def spaces_never(folder):
    proto = spm(folder, "x.model", normalization_rule_name="identity")
    (folder / "x.model").unlink()
    t = Tokenizer(models.Unigram([(p.piece, p.score) for p in proto.pieces], unk_id=0))
    t.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.BertNormalizer(clean_text=False, handle_chinese_chars=True, strip_accents=False, lowercase=False), normalizers.Prepend(" ")])
    t.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="never")
    t.save(str(folder / "tokenizer.json"))
    return plain(folder)


KINDS = [bert_cased, bert_uncased, bert_slow, distilbert_slow, electra, roberta, roberta_slow, modernbert, xlm_roberta, xlm_roberta_slow, camembert, camembert_slow,
         deberta_v2, deberta_v3, deberta_v3_slow, word_level, byte_fallback, cl100k, patterns, clip, unigram_bytes, spaces_never]


SETTINGS = [
    ("bert_cased", {}),
    ("bert_cased", {"do_lower_case": False, "strip_accents": True}),
    ("bert_cased", {"tokenize_chinese_chars": False, "tokenizer_class": "DistilBertTokenizerFast"}),
    ("bert_cased", {"tokenizer_class": "PreTrainedTokenizerFast", "do_lower_case": True}),
    ("bert_cased", {"do_lower_case": False, "split_special_tokens": True}),
    ("bert_uncased", {"do_lower_case": False, "tokenizer_class": "BertTokenizer"}),
    ("electra", {"strip_accents": True}),
    ("electra", {"extra_special_tokens": ["<ticket>"], "additional_special_tokens": ["<NAME>"]}),
    ("roberta", {"add_prefix_space": True}),
    ("roberta", {"add_prefix_space": True, "tokenizer_class": "PreTrainedTokenizerFast"}),
    ("xlm_roberta", {"add_prefix_space": False}),
    ("deberta_v2", {"add_prefix_space": False, "do_lower_case": True, "split_by_punct": True}),
]


def settings():
    """What settings change that contradict tokenizer.json."""
    rows = []
    texts = record.SENTENCES[3:8] + ["Größe [MASK] 你好世界 <mask>", "[SEP]<ticket>É", "<NAME> ohne Blank", "e\u0301 İ", "<s>x</s> y"]
    for name, changed in SETTINGS:
        with tempfile.TemporaryDirectory() as tmp:
            folder = pathlib.Path(tmp)
            zipfile.ZipFile(OUT / f"{name}.zip").extractall(folder)
            write_json(folder / "tokenizer_config.json", changed)
            rows.append({"tokenizer": name, "settings": changed, "ids": list(map(auto(folder), texts))})
    versions = {"transformers": transformers.__version__, "tokenizers": tokenizers.__version__}
    (OUT / "settings.json").write_text(json.dumps({"versions": versions, "texts": texts, "cases": rows}, ensure_ascii=False) + "\n")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--random", nargs=2, type=int, metavar=("N", "SEED"), default=(2400, 0))
    parser.add_argument("--out", type=pathlib.Path, default=OUT)
    parser.add_argument("--only", default="")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    texts = strings(*args.random)
    with gzip.GzipFile(args.out / "strings.json.gz", "wb", mtime=0) as f:
        f.write(json.dumps(texts).encode())
    versions = {"transformers": transformers.__version__, "tokenizers": tokenizers.__version__, "sentencepiece": sentencepiece.__version__}
    if args.only == "settings":
        return settings()
    for kind in KINDS:
        name = kind.__name__
        if args.only and name not in args.only.split(","):
            continue
        with tempfile.TemporaryDirectory() as tmp:
            folder = pathlib.Path(tmp)
            encode = kind(folder)
            ids = [encode(s) for s in texts]
            with zipfile.ZipFile(args.out / f"{name}.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=9) as z:
                def put(file, text):
                    z.writestr(zipfile.ZipInfo(file), text, zipfile.ZIP_DEFLATED)
                for path in sorted(folder.iterdir()):
                    put(path.name, path.read_bytes())
                put("ids.json", json.dumps({"versions": versions, "ids": ids}, separators=(",", ":")))
        print(name, sum(map(len, ids)), "ids", (args.out / f"{name}.zip").stat().st_size, "bytes", flush=True)
    if args.out == OUT:
        settings()


if __name__ == "__main__":
    main()
