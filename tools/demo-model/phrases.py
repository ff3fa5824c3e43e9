"""Reads the phrase files: what may be said, per language and queue, and in which split.

A file holds sections that begin with "==". In a queue's file a section is a
group of things that share their troubles:

    * m Drucker; n Faxgerät     things; in German with gender (x: no article, p: plural)
    - {Nom} druckt nicht.       something does not work
    ? Bitte {acc} tauschen.     a request or a question
    ! Aus {dat} kommt Rauch.    grave by itself, whatever else is written

A "~" before a line keeps it for the held-out tickets; so do the last two
things of each list. (a|b) offers a choice. common.*.txt holds what has no
topic: slots, frames around a thing, cues of urgency, fillers.
"""

from dataclasses import dataclass, field
from pathlib import Path

TRAIN, HELD_OUT = "train", "held-out"
LANGUAGES = ("de", "en")
QUEUES = {
    "IT::Accounts": "accounts",
    "IT::Hardware": "hardware",
    "IT::Network": "network",
    "IT::Software": "software",
    "HR": "hr",
    "Facilities": "facilities",
}
HELD_OUT_THINGS = 2


@dataclass
class Group:
    """Things of one kind and what is said about them: lines by split and by mark (-, ?, !)."""

    name: str
    things: dict = field(default_factory=lambda: {TRAIN: [], HELD_OUT: []})
    lines: dict = field(default_factory=lambda: {TRAIN: {}, HELD_OUT: {}})


def _sections(path):
    name, lines = None, []
    for raw in path.read_text(encoding="utf-8").splitlines():
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        if line.startswith("== "):
            if name:
                yield name, lines
            name, lines = line[3:], []
            continue
        split = HELD_OUT if line.startswith("~") else TRAIN
        line = line.removeprefix("~")
        lines.append((split, line[0], line[1:].strip()))
    yield name, lines


def read_queue(folder: Path, queue: str, language: str) -> list[Group]:
    groups = []
    for name, lines in _sections(folder / f"{QUEUES[queue]}.{language}.txt"):
        group = Group(name)
        for split, mark, text in lines:
            if mark == "*":
                things = [thing.strip() for thing in text.split(";")]
                group.things[TRAIN] = things[:-HELD_OUT_THINGS]
                group.things[HELD_OUT] = things[-HELD_OUT_THINGS:]
            else:
                group.lines[split].setdefault(mark, []).append(text)
        groups.append(group)
    return groups


def read_common(folder: Path, language: str) -> dict:
    """The topic-free wording: split -> section -> list of texts."""
    common = {TRAIN: {}, HELD_OUT: {}}
    for name, lines in _sections(folder / f"common.{language}.txt"):
        for split, mark, text in lines:
            texts = [part.strip() for part in text.split("|")] if mark == "|" else [text]
            common[split].setdefault(name, []).extend(texts)
    return common
