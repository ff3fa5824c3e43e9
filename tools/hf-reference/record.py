#!/usr/bin/env python3
"""Records what HuggingFace transformers and tokenizers answer, for the tests of
the plugin hf-local.

Builds small BERT classifiers of random weights and their tokenizers from the
sentences below, without any download, saves them with save_pretrained into
plugins/hf-local/testdata/models/NAME, and writes

  testdata/classify_NAME.json   texts with the ids, logits and scores of transformers
  testdata/tokens_NAME.json     strings with the ids of tokenizers

Needs: pip install torch transformers tokenizers safetensors.
Usage: record.py, from any folder. The result is the same on every run with the
same versions; those are written into the files.
"""

import collections
import json
import pathlib
import random
import shutil

import tokenizers
import torch
import transformers
from tokenizers import normalizers, pre_tokenizers

OUT = pathlib.Path(__file__).resolve().parents[2] / "plugins/hf-local/testdata"

SENTENCES = """
My printer in room 204 does not print any more, the red light is blinking.
Please reset my password, I am locked out of the VPN since this morning.
The invoice 2024-0815 was paid twice; please refund the second payment.
Mein Drucker druckt nicht mehr, das rote Licht blinkt.
Bitte setzen Sie mein Passwort zurück, ich komme seit heute früh nicht ins VPN.
Die Rechnung 2024-0815 wurde doppelt abgebucht, bitte erstatten Sie den Betrag.
Größe und Straße stimmen nicht, Herr Müller wohnt in der Königsallee 5.
The server is down, nobody in the sales department can work, this is urgent!
Der Server ist ausgefallen, im Vertrieb kann niemand arbeiten, es eilt!
We need three new laptops for the interns who start on Monday.
Wir brauchen drei neue Laptops für die Praktikanten, die am Montag anfangen.
How do I install the update? It says "access denied" (error 0x80070005).
Wie installiere ich die Aktualisierung? Es heißt "Zugriff verweigert".
Thanks a lot for your quick help, the problem is solved.
Vielen Dank für die schnelle Hilfe, das Problem ist gelöst.
Email from anna.schmidt@example.com: attachment can't be opened.
The café résumé naïve façade coöperate.
你好 世界 打印机 坏了
""".strip().split("\n")

# What tokenizers stumble over: categories of characters, order of the steps,
# added tokens, word limits.
HOSTILE = [
    "", " ", "\t\n\r ", "\x00", "a\x00b", "\x01\x02\x03", "a\x7fb", "a\x85b", "a\xa0b", "a\xadb", "\u200b", "a\u200bb", "a\u200db",
    "\ufeffBOM", "\ufffd", "a\ufffdb", "\ue000", "\U000f0000", "\u0378", "a\u0378b", "\u2028line\u2029para", "\u3000wide\u3000space",
    "\u1680ogham\u2003em", "\x0b\x0cvertical", "e\u0301", "é", "É", "ÉCOLE", "Å", "A\u030a", "\u212b", "ﬁ", "ﬃ", "Ǆ", "ß", "ẞ", "SS", "İ", "İstanbul", "ı", "I\u0307",
    "Σίσυφος", "ΣΙΣΥΦΟΣ", "ς", "ά", "ᾳ", "ῼ", "й", "Й", "ё", "привет мир", "ПРИВЕТ", "שלום", "שָׁלוֹם", "مرحبا", "مَرْحَبًا", "हिन्दी", "नमस्ते", "ไทย", "ภาษาไทย", "한국어", "\u1112\u1161\u11ab",
    "日本語", "カタカナ", "ひらがな", "が", "か\u3099", "ﾊﾝｶｸ", "你好", "你好world", "a你b", "\U00020000", "\U0002a6df", "\U0002b820", "\U0002ceb0", "\uf900", "\U0002f800", "\u3400", "\u4dc0", "\u9fff", "\ua000",
    "😀", "👍🏽", "👨‍👩‍👧‍👦", "🇩🇪", "❤️", "☃", "✔️ done", "1️⃣", "🏳️‍🌈", "a😀b", "™", "©", "€100", "£", "¥", "₿", "$5", "+1", "<tag>", "a=b", "`code`", "~", "^", "|",
    "don't", "can’t", "“quotes”", "«guillemets»", "„deutsch“", "–", "—", "…", "¿qué?", "¡hola!", "·", "‰", "§ 5", "¶", "†", "‽", "⸮", "⹃", "⹒", "、。", "「」", "！？", "﹏", "＿", "٪", "؟", "।",
    "...", "!!!", "a.b.c", "a,b", "(a)", "[a]", "{a}", "a/b\\c", "a_b", "a-b", "--", "'", '"', "#hash", "@user", "100%", "1,234.56", "3.14159", "0x1F", "1e-5", "½", "²", "Ⅷ", "①",
    "[CLS]", "[SEP]", "[PAD]", "[MASK]", "[UNK]", "[cls]", "a[MASK]b", "a [MASK] b", "[MASK][MASK]", "[[MASK]]", "[CLS] text [SEP]", "[ MASK ]", "[MASK", "MASK]", "[MÁSK]", "[MA\u200bSK]", "  [SEP]  ", "x[SEP]y[CLS]z",
    "a" * 99, "a" * 100, "a" * 101, "a" * 300, "ä" * 100, "ä" * 101, "x" * 100 + " ok", "."*150, "printer" * 14, "printer" * 15, "😀" * 101, "a\u0301" * 60, "e" + "\u0301" * 200,
    "##ing", "## ing", "a##b", "####", "#", "##", "print##er", "printing", "Printer", "PRINTER", "unprintable", "zzzzqqqq", "qwertzuiop", "Donaudampfschifffahrtsgesellschaft",
    "Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz", "Größe Straße", "GRÖSSE STRASSE", "Müller", "mu\u0308ller", "MÜLLER", "Köln-Düsseldorf", "Äpfel, Öl & Übung", "Fußgängerüberweg", "ÄÖÜäöüß",
    "\u0600\u0601", "\u180e", "\u2060", "\u2066bidi\u2069", "\u202eevil\u202c", "\U000e0041tag", "\ud7ff", "\U0010ffff", "\U0001f9d1\u200d\U0001f4bb", "\u0300", "\u0300a", "\u20e3", "\u0488", "\u0903", "क\u094d\u0937", "\U0001d400\U0001d401", "\u1e9b\u0323",
    "\u0344", "\u0340", "\u0374", "\u037e", "\u0387", "\u1fbe", "\u2000x\u2001", "\u2126", "\u212a", "\u00b5", "\u03bc", "\u00aa", "\u02b0", "\u3131", "\uffa1", "\uff21\uff42\uff43", "\u0130\u0131", "\u01c5", "\u1f88", "\u10a0", "\u13a0", "\uab70", "\u1c90", "\U00010400", "\U0001e900",
    "\u1ab0", "\u1abf", "\u1dfb", "\u08d3", "\u0b55", "\u1734", "\u061d", "\u2e5d", "\u166d", "\U00011fff", "\U00011a3f", "\u0890", "\u08e2", "\U000110cd", "\ua7cb", "\ua7d2", "\U00010d50", "\u1c89",
    "http://example.com/a?b=c&d=e#f", "anna.schmidt@example.com", "C:\\Windows\\System32", "/etc/passwd", "192.168.0.1", "2024-01-31T12:00:00Z", "+49 (0) 30 / 123 456-78", "DE89 3704 0044 0532 0130 00", "a\tb\tc", "line1\nline2\r\nline3\rline4", "trailing   ", "   leading", "a  b   c",
    "<script>alert('x')</script>", "'; DROP TABLE tickets; --", "{{ get_pipe_result('x') }}", "%s %d %n", "\\u0000", "\\x00", "NULL", "None", "nan", "-inf", "true", "你\u0301好", "a\u20dd", "\u0e33", "\u0eb3", "\u0f77", "\u1100\u1161\u11a8\u11a8",
]


def strings():
    """The tokenizer strings: sentences, the hostile ones, and mixtures of them."""
    rng = random.Random(7)
    parts = [w for s in SENTENCES for w in s.split()] + [h for h in HOSTILE if 0 < len(h) < 40]
    mixed = ["".join(rng.choice(parts) + rng.choice(["", " ", " ", "\n", "-", "\u0301"]) for _ in range(rng.randint(2, 9))) for _ in range(160)]
    planes = [(0x20, 0x7F), (0xA0, 0x24F), (0x250, 0x5FF), (0x600, 0x1FFF), (0x2000, 0x2FFF), (0x3000, 0xD7FF), (0xE000, 0xFFFF), (0x10000, 0x1FFFF), (0x20000, 0x2FFFF)]
    wild = ["".join(chr(rng.randint(*rng.choice(planes))) for _ in range(rng.randint(1, 20))) for _ in range(120)]
    return SENTENCES + HOSTILE + mixed + wild


def texts():
    """The classification texts: ordinary ones, hostile ones, and some that are too long."""
    long = [" ".join(SENTENCES[:n]) for n in (2, 3, 5, 18)]
    limits = [" ".join(["the"] * n) for n in (1, 2, 30, 36, 37, 38, 39, 40, 41, 60)]
    chosen = ["", " ", "[SEP]", "[MASK] printer", "😀", "👨‍👩‍👧‍👦 Größe", "你好 Drucker", "a" * 101, "\x00", "\u202eevil", "É", "e\u0301", "Σίσυφος", "!!!", "\t\n"]
    return SENTENCES + long + limits + chosen


def vocabulary(lowercase, size):
    """A WordPiece vocabulary of the sentences: all characters, then the pieces
    that save most. (The trainer of tokenizers breaks ties by chance, so that no
    two runs would give the same.)"""
    normalize = normalizers.BertNormalizer(lowercase=lowercase).normalize_str
    split = pre_tokenizers.BertPreTokenizer().pre_tokenize_str
    alphabet = "abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOPQRSTUVWXYZ 0123456789 .,;:!?-_'\"()[]"
    words = [w for s in SENTENCES + [alphabet] for w, _ in split(normalize(s))]
    saved = collections.Counter()
    for w in words:
        for begin in range(len(w)):
            for end in range(begin + 2, min(len(w), begin + 12) + 1):
                saved[("##" if begin else "") + w[begin:end]] += end - begin - 1
    characters = sorted({c for w in words for c in w})
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + characters + ["##" + c for c in characters]
    best = sorted(saved, key=lambda p: (-saved[p], p))
    pieces += best[: size - len(pieces)]
    return {w: i for i, w in enumerate(pieces)}


def model(vocab, **changes):
    torch.manual_seed(len(vocab) + changes["hidden_size"])
    config = transformers.BertConfig(
        vocab_size=len(vocab), max_position_embeddings=40, pad_token_id=0, attn_implementation="eager", **changes
    )
    m = transformers.BertForSequenceClassification(config).eval()
    # The usual initialization is so small that every text gets nearly the same
    # logits, and every norm and bias is trivial: widen and shift all.
    with torch.no_grad():
        for name, p in m.named_parameters():
            if "LayerNorm.weight" in name:
                p.copy_(1 + 0.2 * torch.randn_like(p))
            elif p.ndim == 1:
                p.copy_(0.2 * torch.randn_like(p))
            else:
                p.copy_(torch.randn_like(p) * (0.5 if "embeddings" in name else 1.2 / p.shape[1] ** 0.5))
    return m


def save(name, vocab, tokenizer_args, m, vocab_only=False, half=False):
    folder = OUT / "models" / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    tokenizer = transformers.BertTokenizer(vocab=vocab, model_max_length=40, **tokenizer_args)
    if half:
        m = m.half()
    m.save_pretrained(folder)
    if vocab_only:
        lines = sorted(vocab, key=vocab.get)
        (folder / "vocab.txt").write_text("".join(w + "\n" for w in lines), encoding="utf-8")
        settings = {"model_max_length": 40, "tokenizer_class": "BertTokenizer", **tokenizer_args}
        (folder / "tokenizer_config.json").write_text(json.dumps(settings, indent=2) + "\n")
    else:
        tokenizer.save_pretrained(folder)
    record(name, folder)


def record(name, folder):
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    m = transformers.AutoModelForSequenceClassification.from_pretrained(folder, attn_implementation="eager", dtype=torch.float32).eval()
    versions = {"transformers": transformers.__version__, "tokenizers": tokenizers.__version__, "torch": torch.__version__}

    pipe = transformers.pipeline("text-classification", model=m, tokenizer=tokenizer, device="cpu")
    cases, single = [], []
    for text in texts():
        e = tokenizer(text, truncation=True, return_tensors="pt")
        with torch.no_grad():
            logits = m(**e).logits[0]
        single.append(logits)
        full = tokenizer(text)["input_ids"]
        cases.append({
            "text": text,
            "ids": e["input_ids"][0].tolist(),
            "truncated": len(full) > e["input_ids"].shape[1],
            "logits": [float(x) for x in logits],
            "scores": pipe(text, top_k=None, truncation=True),
        })
    difference, spread = compare_padded(m, tokenizer, texts(), torch.stack(single))
    write(f"classify_{name}.json", {"versions": versions, "padded_batch_differs_by": difference, "cases": cases})
    if name != "half":  # its tokenizer is that of uncased
        write(f"tokens_{name}.json", {"versions": versions, "cases": [[s, tokenizer(s)["input_ids"]] for s in strings()]})
    print(name, "vocabulary", len(tokenizer), "texts", len(cases), "strings", len(strings()), "spread", spread, "padding", difference)


def compare_padded(m, tokenizer, texts, single):
    """How far the logits of a padded batch are from the single ones, and how far these spread."""
    # A padded batch with its attention mask must say the same: what we compute
    # without padding is what transformers computes with it.
    batch = tokenizer(texts, truncation=True, padding=True, return_tensors="pt")
    with torch.no_grad():
        together = m(**batch).logits
    difference = (together - single).abs().max().item()
    assert difference < 1e-5, difference
    spread = single.std(0).min().item()
    assert spread > 0.05, f"the logits hardly depend on the text: {spread}"
    return difference, spread


def write(name, value):
    lists = value.pop("cases")
    head = json.dumps(value)[:-1]
    lines = ",\n".join("  " + json.dumps(c) for c in lists)
    (OUT / name).write_text(f'{head}, "cases": [\n{lines}\n]}}\n')


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    labels = lambda *names: dict(id2label=dict(enumerate(names)), label2id={n: i for i, n in enumerate(names)})
    cased, uncased = vocabulary(False, 420), vocabulary(True, 380)
    # A head of 12 values and a width that is not a multiple of any vector.
    save("cased", cased, dict(do_lower_case=False), model(
        cased, hidden_size=60, num_hidden_layers=3, num_attention_heads=5, intermediate_size=100,
        problem_type="single_label_classification", **labels("Hardware", "Software", "Rechnung", "Übrig")))
    # Independent labels, another activation, a head of 24.
    save("uncased", uncased, dict(do_lower_case=True), model(
        uncased, hidden_size=48, num_hidden_layers=2, num_attention_heads=2, intermediate_size=96, hidden_act="gelu_new",
        layer_norm_eps=1e-5, type_vocab_size=3, problem_type="multi_label_classification", **labels("urgent", "angry", "question")))
    # No tokenizer.json, no problem_type, a head of 16; lower case, but accents kept.
    save("vocabulary", uncased, dict(do_lower_case=True, strip_accents=False), model(
        uncased, hidden_size=64, num_hidden_layers=2, num_attention_heads=4, intermediate_size=80, hidden_act="relu",
        **labels("no", "yes")), vocab_only=True)
    # One label, in half precision.
    save("half", uncased, dict(do_lower_case=True), model(
        uncased, hidden_size=48, num_hidden_layers=2, num_attention_heads=3, intermediate_size=64, hidden_act="silu",
        **labels("spam")), half=True)


if __name__ == "__main__":
    main()
