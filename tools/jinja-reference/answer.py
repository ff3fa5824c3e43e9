"""Answers templates as Jinja2 does, for the differential test of internal/jinja.

Usage: answer.py, with Jinja2 3.1 installed. Standard input is JSON: {"variables": {...}, "templates": [...]}; standard output is one JSON value per
template and line, in the encoding of suite.json. {"skip": 1} stands for an answer that no other program can give, such as an address in memory, and for none in time.
"""

import copy
import json
import re
import resource
import select
import signal
import subprocess
import sys
import warnings

from jinja2.nativetypes import NativeEnvironment

from encoded import FailMarker, encode

SECONDS = 2
BYTES = 4 << 30


def functions(variables):
    results = variables["pipe_results"]
    parent = variables["parent_params"]

    def get_pipe_result(pipe_id, data_key="value"):
        value = results[pipe_id]["data"].get(data_key)
        if value is None:
            raise ValueError(pipe_id)
        return value

    def has_failed(pipe_id):
        return not results[pipe_id]["succeeded"] and not results[pipe_id]["was_skipped"]

    def get_parent_param(param_key):
        return parent[param_key]

    def at_path(value, path):
        if "." not in path:
            raise ValueError(path)
        for step in path.split("."):
            value = value[int(step)] if isinstance(value, list) else value[step]
        return value

    def get_env(name):
        return {"MY_ENV": "envval", "NUM": "42"}[name]

    def fail(message=None):
        return FailMarker()

    return dict(get_pipe_result=get_pipe_result, has_failed=has_failed, get_parent_param=get_parent_param, at_path=at_path, get_env=get_env, fail=fail)


def as_go(variables):
    # What a pipe yields and its params are Go maps, which templates see in the order of their keys.
    results = {key: {**result, "data": in_order(result["data"])} for key, result in sorted(variables["pipe_results"].items())}
    return {**variables, "pipe_results": results, **{key: in_order(variables[key]) for key in ("params", "parent_params")}}


def in_order(mapping):
    return dict(sorted(mapping.items()))


def too_long(*_):
    raise TimeoutError


def answer(environment, variables, template):
    variables = copy.deepcopy(variables)
    signal.alarm(SECONDS)
    try:
        value = encode(environment.from_string(template).render(**variables, **functions(variables)))
        text = json.dumps(value, ensure_ascii=False)
        text.encode()  # fails for half a character, which no other program has
        if re.search(r" at 0x[0-9a-f]+|<built-in |<class '|<function |FailMarker|<module ", text):
            return {"skip": 1}
        return value
    except UnicodeEncodeError:
        return {"skip": 1}
    except Exception as error:
        return {"err": type(error).__name__, "why": str(error)[:200]}
    finally:
        signal.alarm(0)


def work():
    """Answers one template a line until the input ends."""
    warnings.simplefilter("ignore")
    signal.signal(signal.SIGALRM, too_long)
    resource.setrlimit(resource.RLIMIT_AS, (BYTES, BYTES))
    variables = as_go(json.loads(sys.stdin.readline()))
    environment = NativeEnvironment(trim_blocks=True, lstrip_blocks=True)
    for line in sys.stdin:
        print(json.dumps(answer(environment, variables, json.loads(line)), ensure_ascii=False), flush=True)


class Worker:
    """A process that can be ended: Python can't interrupt itself within a power of huge numbers."""

    def __init__(self, variables):
        self.process = subprocess.Popen([sys.executable, __file__, "work"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8")
        self.process.stdin.write(json.dumps(variables) + "\n")

    def ask(self, template):
        self.process.stdin.write(json.dumps(template) + "\n")
        self.process.stdin.flush()
        if not select.select([self.process.stdout], [], [], 2 * SECONDS)[0]:
            return None
        return self.process.stdout.readline() or None

    def end(self):
        self.process.kill()
        self.process.wait()


def main():
    job = json.load(sys.stdin)
    worker = Worker(job["variables"])
    for template in job["templates"]:
        line = worker.ask(template)
        if line is None:
            worker.end()
            worker = Worker(job["variables"])
            line = json.dumps({"skip": 1}) + "\n"
        sys.stdout.write(line)
    worker.end()


work() if sys.argv[1:] == ["work"] else main()
