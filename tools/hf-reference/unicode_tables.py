#!/usr/bin/env python3
"""Asks HuggingFace tokenizers how it classes every character, and writes
plugins/hf-local/internal/tokenizer/unicodedata/tables.go.

tokenizers is made of several crates, each with the Unicode version of its own
tables; none has those of Go. What is asked, and through what:

  decomposing the characters that NFKD decomposes, and those that NFD puts into
  reordering  an order after a letter
  word        \\w of the Rust crate regex       Whitespace: as Oniguruma's but for two
  numbers     char::is_numeric                 Digits
  combining   is_combining_mark                StripAccents
  onig        the characters of Oniguruma, which knows the patterns of Split,
              Replace and ByteLevel: written into the folder onig beside
  extenders   characters that a grapheme cluster takes after a letter, prefixes
  prefixes,   those before one, breakers those that take none: Precompiled with
  breakers    a map made for it

Needs: pip install tokenizers sentencepiece.
"""

import pathlib
import tempfile
import unicodedata

import sentencepiece
import tokenizers
from tokenizers import Regex, normalizers, pre_tokenizers

from code_points import ranges

OUT = pathlib.Path(__file__).resolve().parents[2] / "plugins/hf-local/internal/tokenizer"
ALL = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]
MARK = "\U0010FFFD"  # what a map makes of a character: itself is not allowed
CATEGORIES = "Lu Ll Lt Lm Lo Mn Mc Me Nd Nl No Pc Pd Ps Pe Pi Pf Po Sm Sc Sk So Zs Zl Zp Cc Cf Co".split()

SCRIPTS = """Common Inherited Latin Greek Cyrillic Armenian Hebrew Arabic Syriac Thaana Devanagari Bengali Gurmukhi Gujarati Oriya Tamil Telugu Kannada
Malayalam Sinhala Thai Lao Tibetan Myanmar Georgian Hangul Ethiopic Cherokee Khmer Mongolian Hiragana Katakana Bopomofo Han Yi Coptic""".split()


def chunks(size=4096):
    for i in range(0, len(ALL), size):
        yield ALL[i : i + size]


def matching(pattern):
    """The characters that a one-character pattern of Oniguruma matches."""
    keep = normalizers.Replace(Regex(f"(?!{pattern})[\\s\\S]"), "")
    return {ord(c) for part in chunks() for c in keep.normalize_str("".join(map(chr, part)))}


def kept(normalizer):
    return {ord(c) for part in chunks() for c in normalizer.normalize_str("".join(map(chr, part)))}


def numbers():
    split = pre_tokenizers.Digits(individual_digits=True).pre_tokenize_str
    return {c for c in ALL if len(split("a" + chr(c))) == 2}


def word():
    split = pre_tokenizers.Whitespace().pre_tokenize_str
    return {c for c in ALL if len(split("a" + chr(c))) == 1 and split("a" + chr(c))[0][0] != "a"}


def precompiled(rules):
    """A Precompiled normalizer for {character: text}."""
    with tempfile.TemporaryDirectory() as folder:
        tsv = pathlib.Path(folder, "rules.tsv")
        tsv.write_text("".join(f"{c:X}\t{' '.join(f'{ord(x):X}' for x in to)}\n" for c, to in sorted(rules.items())))
        corpus = pathlib.Path(folder, "corpus.txt")
        corpus.write_text("hello world this is a corpus of a few words\n" * 20)
        sentencepiece.SentencePieceTrainer.train(
            input=str(corpus), model_prefix=folder + "/m", vocab_size=40, hard_vocab_limit=False,
            normalization_rule_tsv=str(tsv), minloglevel=2)
        from sentencepiece import sentencepiece_model_pb2

        proto = sentencepiece_model_pb2.ModelProto()
        proto.ParseFromString(pathlib.Path(folder, "m.model").read_bytes())
        return normalizers.Precompiled(proto.normalizer_spec.precompiled_charsmap)


def decomposing():
    n = normalizers.NFKD().normalize_str
    return {c for c in ALL if n(chr(c)) != chr(c)}


def reordering():
    # U+0345 has the last place of all.
    n = normalizers.NFD().normalize_str
    return {0x345} | {c for c in ALL if n("a\u0345" + chr(c))[1] != "\u0345"}


def onig():
    by_category = {name: matching("\\p{" + name + "}") for name in CATEGORIES}
    assert matching("\\d") == by_category["Nd"]
    words = matching("[\\w]")
    assert word() == words | {0x200C, 0x200D}, "isWord in unicode.go says so"
    parts = [
        table("assigned", "assigned are the characters that Oniguruma knows.", set().union(*by_category.values())),
        table("word", "word is \\w within a class.", words),
        table("otherAlphabetic", "otherAlphabetic is what [:alpha:] has besides L and Nl.", matching("[[:alpha:]]") - by_category["Nl"] - set().union(*(by_category[c] for c in ("Lu", "Ll", "Lt", "Lm", "Lo")))),
        table("space", "space is \\s.", matching("\\s")),
    ]
    # Go may or may not know what came with Unicode 15 and later.
    lines = ["// recent are the characters that came after Unicode 14, by category and script.", "var recent = map[string][][2]rune{"]
    for name, characters in by_category.items():
        new = ranges(c for c in characters if unicodedata.category(chr(c)) == "Cn")
        if new:
            lines.append(f'\t"{name}": {{' + ", ".join(f"{{0x{a:X}, 0x{b:X}}}" for a, b in new) + "},")
    # No letter of these scripts came after Unicode 14 unless it is listed.
    for name in SCRIPTS:
        new = ranges(c for c in matching("\\p{" + name + "}") if unicodedata.category(chr(c)) == "Cn")
        if new:
            lines.append(f'\t"{name}": {{' + ", ".join(f"{{0x{a:X}, 0x{b:X}}}" for a, b in new) + "},")
    return parts + ["\n".join(lines + ["}", ""])]


def extenders():
    n = precompiled({ord("a"): MARK})
    return {c for c in ALL if n.normalize_str("a" + chr(c)) == MARK}


def prefixes_and_breakers():
    astral = [c for c in (0x110BD, 0x110CD, 0x111C2, 0x111C3, 0x113D1, 0x1193F, 0x11941, 0x11A3A, *range(0x11A84, 0x11A8A), 0x11D46, 0x11F02)]
    asked = [c for c in ALL if 0 < c < 0x10000] + astral
    n = precompiled({c: MARK for c in asked})
    prefixes = {c for c in asked if n.normalize_str(chr(c) + "b") == MARK}
    breakers = {c for c in asked if c < 0x10000 and n.normalize_str(chr(c) + "\u0301") != MARK}
    return prefixes, breakers


def table(name, comment, characters):
    rs = ranges(characters)
    low = [r for r in rs if r[1] <= 0xFFFF]
    high = [r for r in rs if r[0] > 0xFFFF]
    for a, b in (r for r in rs if r[0] <= 0xFFFF < r[1]):
        low.append([a, 0xFFFF])
        high.insert(0, [0x10000, b])
    lines = [f"// {comment}", f"var {name} = &unicode.RangeTable{{"]
    for field, kind, part, width in (("R16", "Range16", low, 4), ("R32", "Range32", high, 5)):
        if not part:
            continue
        lines.append(f"\t{field}: []unicode.{kind}{{")
        items = [f"{{0x{a:0{width}x}, 0x{b:0{width}x}, 1}}" for a, b in part]
        for i in range(0, len(items), 5):
            lines.append("\t\t" + ", ".join(items[i : i + 5]) + ",")
        lines.append("\t},")
    latin = sum(1 for a, b in low if b <= 0xFF)
    if latin:
        lines.append(f"\tLatinOffset: {latin},")
    return "\n".join(lines + ["}", ""])


def main():
    print("graphemes", flush=True)
    prefixes, breakers = prefixes_and_breakers()
    parts = [
        table("numbers", "numbers are what Digits splits off.", numbers()),
        table("combining", "combining are what StripAccents drops.", set(ALL) - kept(normalizers.StripAccents())),
        table("decomposing", "decomposing are the characters that NFKD decomposes.", decomposing()),
        table("reordering", "reordering are the marks that NFD puts into an order.", reordering()),
    ]
    parts.append(table("extenders", "extenders continue the grapheme cluster of a letter.", extenders()))
    parts.append(table("prefixes", "prefixes begin the grapheme cluster of a letter.", prefixes))
    parts.append(table("breakers", "breakers are a grapheme cluster of their own.", breakers))
    write(OUT / "unicodedata/tables.go", "unicodedata", parts)
    print("categories", flush=True)
    write(OUT / "onig/tables.go", "onig", onig())


def write(path, package, parts):
    head = f"""// Code generated by tools/hf-reference/unicode_tables.py; DO NOT EDIT.
// It asked HuggingFace tokenizers {tokenizers.__version__}.

package {package}

import "unicode"

"""
    path.write_text(head + "\n".join(parts))


if __name__ == "__main__":
    main()
