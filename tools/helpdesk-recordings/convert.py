#!/usr/bin/env python3
"""Makes internal/helpdesk/testdata/{znuny,otobo}.jsonl from recorded exchanges.

    convert.py FOLDER-WITH-THE-RECORDINGS internal/helpdesk/testdata

A recorded exchange is {"name", "request": {method, path, headers, body}, "response": {status, headers, body, bytes}} with long
bodies cut: "...[113195 bytes]" and "...[100203 chars]" say how long they were. The text of such a note is the line below, over and
over; the test writes it out again in place of LINES, and the length of the request shows that it is the same.
"""
import json
import pathlib
import re
import sys

KEPT = ("Content-Type", "Transfer-Encoding", "Accept-Encoding", "Expect")
LINE = "Zeile äöü 0123456789 " * 47 + "\\n"
ANSWER_KEPT = 3000


def whole_request(body):
    cut = re.search(r"\.\.\.\[(\d+) bytes\]$", body)
    if not cut:
        return body
    size = int(cut.group(1))
    head = body[: body.index('"Body": "') + len('"Body": "')]
    tail = '", "ContentType": "text/plain; charset=utf-8", "IsVisibleForCustomer": 0}}'
    text, name = (LINE, "LINES") if "Zeile" in body else ("x", "LETTERS")
    count, rest = divmod(size - len(head.encode()) - len(tail.encode()), len(text.encode()))
    assert rest == 0, (size, head)
    return f"{head}{{{{{name} {count}}}}}{tail}"


def convert(line):
    recorded = json.loads(line)
    request, response = recorded["request"], recorded["response"]
    header = {k: v for k, v in request["headers"].items() if k in KEPT or k.startswith("X-")}
    status, kind, answer = response["status"], response["headers"].get("Content-Type", ""), response["body"]
    if status == 100:  # the recorder mistook "100 Continue" for the answer and the answer for its body
        head, _, answer = answer.replace("\r\n", "\n").partition("\n\n")
        status, kind = int(head.split()[1]), re.search(r"Content-Type: (.*)", head).group(1)
    out = {
        "name": recorded["name"], "method": request["method"], "path": request["path"], "header": header,
        "body": whole_request(request["body"]), "status": status or 0, "type": kind, "answer": answer,
    }
    if re.search(r"\.\.\.\[\d+ chars\]$", answer):
        out["answer"], out["cut"] = answer[:ANSWER_KEPT], response["bytes"]
    if recorded.get("note"):
        out["note"] = recorded["note"]
    return json.dumps(out, ensure_ascii=False)


def main():
    source, target = map(pathlib.Path, sys.argv[1:3])
    for mode in ("znuny", "otobo"):
        lines = (source / f"{mode}.jsonl").read_text("utf-8").splitlines()
        (target / f"{mode}.jsonl").write_text("".join(convert(line) + "\n" for line in lines), "utf-8")


main()
