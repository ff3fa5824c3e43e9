"""Writes synthetic help-desk tickets from the phrases, with queue and priority."""

import html
import random
import re
from dataclasses import dataclass
from pathlib import Path

from phrases import HELD_OUT, LANGUAGES, QUEUES, TRAIN, read_common, read_queue

PRIORITIES = ("2 low", "3 normal", "4 high")

# Determiners by gender: nominative, accusative, dative. A row of three is one way to speak of the thing.
GERMAN = {
    "m": [("der", "den", "dem"), ("mein", "meinen", "meinem"), ("unser", "unseren", "unserem")],
    "f": [("die", "die", "der"), ("meine", "meine", "meiner"), ("unsere", "unsere", "unserer")],
    "n": [("das", "das", "dem"), ("mein", "mein", "meinem"), ("unser", "unser", "unserem")],
    "p": [("die", "die", "den"), ("meine", "meine", "meinen"), ("unsere", "unsere", "unseren")],
}
ENGLISH = ("the", "my", "our", "the", "this")

# Neighbors on the keyboard, German layout: what a finger hits by mistake.
NEIGHBORS = {
    "a": "sq", "b": "vn", "c": "xv", "d": "sf", "e": "wr", "f": "dg", "g": "fh", "h": "gj", "i": "uo",
    "j": "hk", "k": "jl", "l": "kö", "m": "n", "n": "bm", "o": "ip", "p": "oü", "q": "w", "r": "et",
    "s": "ad", "t": "rz", "u": "zi", "v": "cb", "w": "qe", "x": "yc", "y": "x", "z": "tu",
}  # fmt: skip
TRANSCRIPTION = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss"})


@dataclass
class Ticket:
    """queue is None where the text names no topic; second is another topic that it also names."""

    subject: str
    body: str
    language: str
    queue: str | None
    second: str | None
    priority: str

    @property
    def text(self) -> str:
        """What a model is given, in the demonstration too."""
        return f"{self.subject} {self.body}"


class Writer:
    """Writes tickets of one split; equal seeds write equal tickets."""

    def __init__(self, folder: Path, split: str, seed: int):
        self.split = split
        self.random = random.Random(f"{split}/{seed}")
        self.common = {language: read_common(folder, language)[split] for language in LANGUAGES}
        self.groups = {(queue, language): read_queue(folder, queue, language) for queue in QUEUES for language in LANGUAGES}

        self.words = {language: self._words(language) for language in LANGUAGES}

    def _words(self, language):
        """The longer words of all queues together: stuff for words that belong to none."""
        found = set()
        for queue in QUEUES:
            for group in self.groups[queue, language]:
                for line in [*group.things[self.split], *sum(group.lines[self.split].values(), [])]:
                    found.update(re.findall(r"[^\W\d_]{4,}", re.sub(r"\{\w+\}", "", line)))
        return sorted(found)

    def write(self) -> Ticket:
        chance = self.random.random
        language = self.random.choice(LANGUAGES)
        priority = self.random.choices(PRIORITIES, (0.28, 0.42, 0.30))[0]
        queue, second = self.random.choice(list(QUEUES)), None
        if self.split == TRAIN and chance() < 0.07:
            queue = None
        elif self.split == TRAIN and chance() < 0.05:
            second = self.random.choice([other for other in QUEUES if other != queue])
        subject, sentences = self._content(language, queue, priority)
        if second:
            sentences += self._content(language, second, "3 normal")[1]
        if chance() < 0.55:
            sentences.insert(self.random.randint(1, len(sentences)), self._common(language, "filler"))
        while self.split == TRAIN and chance() < 0.4:
            sentences.insert(self.random.randint(0, len(sentences)), self._invented(language))
        if chance() < 0.1:
            self.random.shuffle(sentences)
        body = self._letter(language, sentences)
        if self.split == TRAIN:
            subject, body = self._careless(subject, drop=False), self._careless(body)
        return Ticket(subject, body, language, queue, second, priority)

    def _content(self, language, queue, priority):
        pick, chance = self.random.choice, self.random.random
        subject = self._common(language, "subject vague")
        grave = False
        if queue is None:
            sentences = [self._common(language, "vague") for _ in range(self.random.randint(1, 3))]
        else:
            group = pick(self.groups[queue, language])
            lines = group.lines[self.split]
            thing = pick(group.things[self.split])
            grave = priority == "4 high" and "!" in lines and chance() < 0.45
            count = self.random.choices((1, 2, 3, 6), (0.5, 0.3, 0.15, 0.05))[0]
            sentences = []
            for place in range(count):
                mark = "!" if grave and place == 0 else "-" if chance() < 0.6 else "?"
                if chance() < (0.15 if mark == "!" else 0.35) or mark not in lines:
                    line = self._frame(language, "asks" if mark == "?" else "says")
                    grave = grave and mark != "!"
                else:
                    line = pick(lines[mark])
                sentences.append(self._crop(self._fill(language, line, thing)))
                thing = pick(group.things[self.split])
            kind = chance()
            if kind < 0.5:
                subject = self._fill(language, self._frame(language, "subject"), thing)
            elif kind < 0.75:
                mark = "-" if chance() < 0.6 else "?"
                line = pick(lines.get(mark) or [self._frame(language, "subject")])
                subject = self._fill(language, line, thing).rstrip(".!?")
            elif kind < 0.85 and len(sentences) > 1:
                subject = sentences.pop(0).rstrip(".!?")
        if priority == "2 low" or (priority == "4 high" and not (grave and chance() < 0.5)):
            cues = [self._common(language, "cue " + priority[2:]) for _ in range(1 + (chance() < 0.2))]
            if priority == "4 high" and chance() < 0.25:
                urgent = self._common(language, "subject urgent")
                subject = pick((f"{urgent}: {subject}", f"{urgent} {subject}", f"{subject} - {urgent}", urgent))
                cues = cues[: self.random.randint(0, len(cues))]
            if priority == "4 high" and chance() < 0.3:
                subject = pick((subject + "!", subject + "!!!", subject.upper()))
            for cue in cues:
                sentences.insert(self.random.randint(max(0, len(sentences) - 1), len(sentences)), cue)
        return subject, sentences

    def _invented(self, language):
        """A sentence that means nothing, so that what a model has never met moves it nowhere."""
        made = []
        for _ in range(self.random.randint(2, 9)):
            if self.random.random() < 0.4:
                made.append(self.random.choice(self._common(language, "filler").split(" ")).strip(".,!?"))
            else:
                first, last = (self.random.choice(self.words[language]) for _ in range(2))
                made.append(first[: self.random.randint(1, len(first))] + last[self.random.randint(0, len(last) - 1) :])
        return " ".join(made) + self.random.choice((".", ".", ".", "!", "?", ""))

    def _crop(self, sentence):
        """In training often only some words in a row, so that no model learns sentences by heart."""
        found = sentence.split(" ")
        if self.split != TRAIN or len(found) < 4 or self.random.random() >= 0.3:
            return sentence
        length = self.random.randint(2, len(found) - 1)
        start = self.random.randint(0, len(found) - length)
        return " ".join(found[start : start + length])

    def _common(self, language, section):
        return self._fill(language, self.random.choice(self.common[language][section]), "")

    def _frame(self, language, kind):
        return self.random.choice(self.common[language]["frame " + kind])

    def _fill(self, language, line, thing):
        """Puts a thing into the line, takes one of each choice and fills the other slots."""
        if language == "de" and thing:
            gender, noun = thing.split(" ", 1)
            forms = [noun] * 3 if gender == "x" else [f"{word} {noun}" for word in self.random.choice(GERMAN[gender])]
        else:
            noun = thing
            forms = [f"{self.random.choice(ENGLISH)} {noun}"] * 3
        values = {"thing": noun, "nom": forms[0], "acc": forms[1], "dat": forms[2], "Nom": forms[0][:1].upper() + forms[0][1:]}
        line = re.sub(r"\(([^()]*\|[^()]*)\)", lambda match: self.random.choice(match[1].split("|")), line)
        while slot := re.search(r"\{(\w+)\}", line):
            value = values.get(slot[1]) or self.random.choice(self.common[language]["slot " + slot[1]])
            line = line[: slot.start()] + value + line[slot.end() :]
        return re.sub(r"\s+([.,!?])", r"\1", line).strip().replace("\\n", "\n")

    def _letter(self, language, sentences):
        chance = self.random.random
        text = self.random.choice((" ", " ", "\n", "\n\n")).join(sentences)
        if chance() < 0.8:
            greeting = self._common(language, "greeting")
            text = greeting + self.random.choice((",\n\n", "\n\n", ", ", "! ", ",\n", " ")) + text
        if chance() < 0.75:
            text += self.random.choice(("\n\n", "\n", " ")) + self._common(language, "closing")
        if chance() < 0.75:
            text += self.random.choice(("\n", ", ", "\n\n")) + self._common(language, "signature")
        return text.strip()

    def _careless(self, text, drop=True):
        """The text as written in a hurry: missing words, typos, no capitals, HTML."""
        chance = self.random.random
        if drop and chance() < 0.5:
            rate = self.random.choice((0.05, 0.1, 0.2, 0.35))
            kept = [word for word in re.split(r"(\s+)", text) if word.isspace() or chance() >= rate]
            text = "".join(kept) or text
        if chance() < 0.4:
            rate = self.random.choice((0.01, 0.02, 0.04))
            text = "".join(self._slip(letter) if letter.isalpha() and chance() < rate else letter for letter in text)
        if chance() < 0.1:
            text = text.translate(TRANSCRIPTION)
        if chance() < 0.15:
            text = text.lower()
        if chance() < 0.08:
            text = re.sub(r"[.,!?:;]", "", text)
        if chance() < 0.04:
            parts = html.escape(text, quote=False).split("\n")
            text = "".join(f"<p>{part}</p>" for part in parts if part).replace(" ", "&nbsp;", 1)
        return text.strip() or "?"

    def _slip(self, letter):
        kind = self.random.random()
        if kind < 0.35:
            return ""
        if kind < 0.6:
            return letter * 2
        return self.random.choice(NEIGHBORS.get(letter.lower(), letter))


def words(text: str) -> list[str]:
    """The words of a text without case, mark-up and punctuation, for comparing."""
    plain = html.unescape(re.sub(r"<[^>]*>", " ", text)).lower()
    return re.findall(r"\w+", plain)


def shingles(text: str, length: int) -> set[tuple[str, ...]]:
    found = words(text)
    return {tuple(found[at : at + length]) for at in range(len(found) - length + 1)}


if __name__ == "__main__":
    for split in (TRAIN, HELD_OUT):
        writer = Writer(Path(__file__).parent / "phrases", split, seed=1)
        for _ in range(8):
            ticket = writer.write()
            print(f"--- {split} {ticket.language} {ticket.queue} {ticket.second or ''} {ticket.priority}\n{ticket.subject}\n\n{ticket.body}\n")
