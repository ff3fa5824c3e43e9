"""Records anew what Jinja2 answers to the templates of recorded.json.

Usage: record.py, from any folder, with Jinja2 3.1 installed. The variables are those of suite.json, without the functions of the pipeline.
"""

import copy
import json
import pathlib

from jinja2.nativetypes import NativeEnvironment

from encoded import encode

TESTDATA = pathlib.Path(__file__).parents[2] / "internal" / "jinja" / "testdata"


def main():
    with open(TESTDATA / "suite.json", encoding="utf-8") as f:
        variables = json.load(f)["ctx"]
    with open(TESTDATA / "recorded.json", encoding="utf-8") as f:
        templates = [case["t"] for case in json.load(f)]
    environment = NativeEnvironment(trim_blocks=True, lstrip_blocks=True)
    lines = []
    for template in templates:
        try:
            native = encode(environment.from_string(template).render(**copy.deepcopy(variables)))
        except Exception as error:
            native = {"err": type(error).__name__}
        lines.append(json.dumps({"t": template, "native": native}, ensure_ascii=False))
    with open(TESTDATA / "recorded.json", "w", encoding="utf-8") as f:
        f.write("[\n" + ",\n".join(lines) + "\n]\n")


main()
