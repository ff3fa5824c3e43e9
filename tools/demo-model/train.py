"""Trains the demonstration's models, queue and priority, from nothing but the phrases beside this file.

Equal seeds on an equal machine write equal files. The thirty tickets of the
demonstration stay outside: the script ends with an error when one of them, or
a run of their words, turns up in what it writes; only the finished models are
asked about them.
"""

import os

os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["RAYON_NUM_THREADS"] = "1"

import argparse
import json
import math
import random
import sys
import time
from collections import Counter
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import AutoModelForSequenceClassification, AutoTokenizer, BertConfig, BertForSequenceClassification, BertTokenizerFast

from phrases import HELD_OUT, QUEUES, TRAIN
from tickets import PRIORITIES, Ticket, Writer, shingles, words

HERE = Path(__file__).resolve().parent
DEMO = HERE.parents[1] / "examples" / "demo"

SEED = 20
VOCABULARY = 3600
LONGEST = 256  # tokens
BATCH = 64
SHINGLE = 8  # words in a row that count as copied; shorter runs are greetings and other formulas
# As in the demonstration's configuration; chosen on the held-out tickets.
QUEUE_THRESHOLD, PRIORITY_THRESHOLD = 0.8, 0.5
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


class LeakError(Exception):
    """A text that must not be in the data is in it."""


class Guard:
    """Watches every written ticket for the demonstration's tickets and, in training, for held-out ones."""

    def __init__(self, demo: list[dict]):
        self.subjects = {tuple(words(ticket["subject"])) for ticket in demo}
        self.bodies = {tuple(words(ticket["body"])) for ticket in demo}
        self.shingles = set().union(*(shingles(f"{t['subject']} {t['body']}", SHINGLE) for t in demo))
        self.held_out = set()

    def keep_out(self, tickets: list[Ticket]):
        self.held_out = set().union(*(shingles(ticket.text, SHINGLE) for ticket in tickets))

    def check(self, ticket: Ticket) -> Ticket:
        if tuple(words(ticket.subject)) in self.subjects or tuple(words(ticket.body)) in self.bodies:
            raise LeakError(f"equal a ticket of the demonstration:\n{ticket.text}")
        if found := self.shingles & shingles(ticket.text, SHINGLE):
            raise LeakError(f"hold words of a demonstration ticket, {found}:\n{ticket.text}")
        if self.held_out and (found := self.held_out & shingles(ticket.text, SHINGLE)):
            raise LeakError(f"of the training hold words of a held-out ticket, {found}:\n{ticket.text}")
        return ticket


def train_tokenizer(texts: list[str]) -> BertTokenizerFast:
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    trainer = trainers.WordPieceTrainer(vocab_size=VOCABULARY, min_frequency=4, special_tokens=SPECIAL, show_progress=False)
    tokenizer.train_from_iterator(texts, trainer)
    # The trainer numbers the pieces in an order that changes from run to run; cutting doesn't depend on it.
    pieces = SPECIAL + sorted(set(tokenizer.get_vocab()) - set(SPECIAL))
    tokenizer.model = models.WordPiece(vocab={piece: at for at, piece in enumerate(pieces)}, unk_token="[UNK]")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", tokenizer.token_to_id("[CLS]")), ("[SEP]", tokenizer.token_to_id("[SEP]"))],
    )
    return BertTokenizerFast(tokenizer_object=tokenizer, do_lower_case=True, model_max_length=LONGEST)


def target(ticket: Ticket, task: str) -> list[float]:
    """The wanted probabilities: shared evenly where the text leaves the queue open, so that doubt shows as low confidence."""
    if task == "priority":
        return [0.9 if ticket.priority == priority else 0.05 for priority in PRIORITIES]
    if ticket.queue is None:
        return [1 / len(QUEUES)] * len(QUEUES)
    chosen = [queue for queue in (ticket.queue, ticket.second) if queue]
    return [0.03 / len(QUEUES) + (0.97 / len(chosen) if queue in chosen else 0.0) for queue in QUEUES]


class Cutter:
    """Cuts words into pieces as the tokenizer does, but now and then into shorter ones.

    A model that has met the parts of a word in training can make something of
    a compound that it meets for the first time.
    """

    SHARE = 0.12  # of the words

    def __init__(self, tokenizer, seed: int):
        self.whole = tokenizer
        self.random = random.Random(seed)
        self.backend = tokenizer.backend_tokenizer
        self.vocabulary = tokenizer.get_vocab()
        self.known = {}

    def pieces(self, word: str, longest: int) -> list[int]:
        if (word, longest) in self.known:
            return self.known[word, longest]
        found, start = [], 0
        while start < len(word):
            prefix = "##" if start else ""
            for end in range(min(len(word), start + longest), start, -1):
                if (piece := self.vocabulary.get(prefix + word[start:end])) is not None:
                    found.append(piece)
                    start = end
                    break
            else:
                found, start = [self.whole.unk_token_id], len(word)
        self.known[word, longest] = found
        return found

    def encode(self, texts: list[str]) -> dict:
        rows = []
        for text in texts:
            row = [self.whole.cls_token_id]
            for word, _ in self.backend.pre_tokenizer.pre_tokenize_str(self.backend.normalizer.normalize_str(text)):
                longest = self.random.randint(3, 6) if self.random.random() < self.SHARE else len(word)
                row += self.pieces(word, longest)
            rows.append(row[: LONGEST - 1] + [self.whole.sep_token_id])
        return self.whole.pad({"input_ids": rows}, return_tensors="pt")


def encode(tokenizer, texts):
    return tokenizer(texts, padding=True, truncation=True, max_length=LONGEST, return_tensors="pt")


def write_batches(task: str, guard: Guard, steps: int) -> list[list[Ticket]]:
    """All tickets of a training, checked before the first step. Batches of like length waste little on padding."""
    writer, batches = Writer(HERE / "phrases", TRAIN, seed=f"{SEED}/{task}"), []
    while len(batches) < steps:
        drawn = sorted((guard.check(writer.write()) for _ in range(BATCH * 20)), key=lambda ticket: len(ticket.text))
        pool = [drawn[at : at + BATCH] for at in range(0, len(drawn), BATCH)]
        writer.random.shuffle(pool)
        batches += pool
    return batches[:steps]


def train(task: str, tokenizer, batches: list[list[Ticket]]) -> BertForSequenceClassification:
    torch.manual_seed(SEED)
    steps = len(batches)
    labels = list(QUEUES) if task == "queue" else list(PRIORITIES)
    model = BertForSequenceClassification(
        BertConfig(
            vocab_size=len(tokenizer),
            hidden_size=64,
            num_hidden_layers=2,
            num_attention_heads=2,
            intermediate_size=192,
            max_position_embeddings=LONGEST,
            hidden_dropout_prob=0.15,
            attention_probs_dropout_prob=0.1,
            id2label=dict(enumerate(labels)),
            label2id={label: at for at, label in enumerate(labels)},
            problem_type="single_label_classification",
        )
    )
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=0.01)
    warm = steps // 10
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min(step / warm, 0.5 + 0.5 * math.cos(math.pi * max(0, step - warm) / (steps - warm)))
    )
    cutter = Cutter(tokenizer, SEED)
    model.train()
    start, total = time.time(), 0.0
    for step, batch in enumerate(batches):
        inputs = cutter.encode([ticket.text for ticket in batch])
        # Words that the vocabulary doesn't know will come: some become unknown here already.
        drop = (torch.rand(inputs["input_ids"].shape) < 0.06) & (inputs["input_ids"] >= len(SPECIAL))
        inputs["input_ids"] = inputs["input_ids"].masked_fill(drop, tokenizer.unk_token_id)
        logits = model(**inputs).logits
        loss = torch.nn.functional.cross_entropy(logits, torch.tensor([target(ticket, task) for ticket in batch]))
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        total += loss.item()
        if (step + 1) % 100 == 0:
            print(f"  {task} step {step + 1}/{steps} loss {total / 100:.3f} {time.time() - start:.0f} s", flush=True)
            total = 0.0
    return model.eval()


@torch.no_grad()
def classify(model, tokenizer, texts: list[str]) -> list[tuple[str, float]]:
    """Label and confidence of each text, one at a time: as the service will be asked."""
    answers = []
    for text in texts:
        scores = torch.softmax(model(**encode(tokenizer, [text])).logits[0], dim=-1)
        best = int(scores.argmax())
        answers.append((model.config.id2label[best], float(scores[best])))
    return answers


def measure(task, tickets: list[Ticket], answers):
    wanted = [ticket.queue if task == "queue" else ticket.priority for ticket in tickets]
    for name in ("all", "de", "en"):
        rows = [(want, got) for ticket, want, (got, _) in zip(tickets, wanted, answers) if name in ("all", ticket.language)]
        print(f"  held-out {task} {name}: {sum(want == got for want, got in rows) / len(rows):.3f} of {len(rows)}")
    for label in sorted(set(wanted)):
        rows = [got for want, (got, _) in zip(wanted, answers) if want == label]
        others = Counter(got for got in rows if got != label).most_common(2)
        print(f"    {label}: {rows.count(label) / len(rows):.3f}; else {others}")
    for threshold in (0.5, 0.6, 0.7, 0.8):
        sure = [(want, got) for want, (got, confidence) in zip(wanted, answers) if confidence >= threshold]
        right = sum(want == got for want, got in sure)
        print(f"  threshold {threshold}: {len(sure) / len(answers):.3f} are sure, {right / max(1, len(sure)):.3f} of these right")


def evaluation(task, tickets: list[Ticket], answers) -> dict:
    """The held-out accuracy under the names that the Trainer of transformers gives it; `otai demo` shows it."""
    right = sum(got == (ticket.queue if task == "queue" else ticket.priority) for ticket, (got, _) in zip(tickets, answers))
    return {"eval_accuracy": round(right / len(tickets), 4), "eval_samples": len(tickets)}


def save(model, tokenizer, results: dict, folder: Path):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "eval_results.json").write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    (folder / "model.safetensors").chmod(0o644)
    vocabulary = sorted(tokenizer.get_vocab(), key=tokenizer.get_vocab().get)
    (folder / "vocab.txt").write_text("\n".join(vocabulary) + "\n", encoding="utf-8")


def ask_demo(folder: Path, demo: list[dict]):
    """How the saved models, loaded anew, judge the demonstration's tickets: printed, never used."""
    right = Counter()
    rows = {}
    for task in ("queue", "priority"):
        model = AutoModelForSequenceClassification.from_pretrained(folder / task).eval()
        tokenizer = AutoTokenizer.from_pretrained(folder / task)
        rows[task] = classify(model, tokenizer, [f"{ticket['subject']} {ticket['body']}" for ticket in demo])
    for ticket, queue, priority in zip(demo, rows["queue"], rows["priority"]):
        chosen = queue[0] if queue[1] >= QUEUE_THRESHOLD else "Unclassified"
        ranked = priority[0] if priority[1] >= PRIORITY_THRESHOLD else "3 normal"
        right["queue"] += chosen == ticket["expected"]["queue"]
        right["priority"] += ranked == ticket["expected"]["priority"]
        right["fallback"] += chosen == "Unclassified"
        marks = ("" if chosen == ticket["expected"]["queue"] else " Q") + ("" if ranked == ticket["expected"]["priority"] else " P")
        print(f"  {ticket['subject'][:44]:44} {queue[0]:13} {queue[1]:.2f}  {priority[0]:8} {priority[1]:.2f} {marks}")
    print(f"demonstration: {dict(right)} of {len(demo)}")


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--out", type=Path, default=DEMO / "models", help="folder for the models")
    options.add_argument("--steps", type=int, default=1400, help="training steps of each model")
    options.add_argument("--demo", action="store_true", help="ask the models about the demonstration's tickets at the end")
    options.add_argument("--only-demo", action="store_true", help="train nothing, ask the models in --out")
    chosen = options.parse_args()

    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    demo = json.loads((DEMO / "tickets.json").read_text(encoding="utf-8"))
    if chosen.only_demo:
        return ask_demo(chosen.out, demo)
    guard = Guard(demo)
    try:
        held_out = Writer(HERE / "phrases", HELD_OUT, seed=SEED)
        held_out = [guard.check(held_out.write()) for _ in range(1500)]
        guard.keep_out(held_out)
        first = Writer(HERE / "phrases", TRAIN, seed=SEED)
        tokenizer = train_tokenizer([guard.check(first.write()).text for _ in range(12000)])
        print(f"vocabulary {len(tokenizer)}")
        batches = {task: write_batches(task, guard, chosen.steps) for task in ("queue", "priority")}
    except LeakError as error:
        sys.exit(f"stopped, nothing is trained: the data {error}")
    for task in batches:
        model = train(task, tokenizer, batches[task])
        answers = classify(model, tokenizer, [ticket.text for ticket in held_out])
        measure(task, held_out, answers)
        save(model, tokenizer, evaluation(task, held_out, answers), chosen.out / task)
    if chosen.demo:
        ask_demo(chosen.out, demo)


if __name__ == "__main__":
    main()
