"""Values of Jinja2 as JSON that keeps their types: the encoding of suite.json."""

from jinja2 import Undefined


class FailMarker:
    pass


def encode(value):
    if value is None:
        return {"n": 1}
    if isinstance(value, bool):
        return {"b": value}
    if isinstance(value, int):
        return {"i": str(value)}
    if isinstance(value, float):
        return {"f": repr(value)}
    if isinstance(value, str):
        return {"s": str(value)}
    if isinstance(value, Undefined):
        return {"u": 1}
    if isinstance(value, FailMarker):
        return {"fail": 1}
    if isinstance(value, dict):
        return {"d": [[encode(k if isinstance(k, str) else repr(k)), encode(v)] for k, v in value.items()]}
    if isinstance(value, (bytes, set, frozenset, complex)) or value is ...:
        return {"o": type(value).__name__}
    try:
        elements = iter(value)
    except TypeError:
        return {"o": type(value).__name__}
    return {"l": [encode(v) for v in elements]}
