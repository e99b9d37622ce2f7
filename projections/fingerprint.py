"""What a projection's handlers say, in a few letters: noticed where they change and its version does not."""

import ast
import hashlib
import inspect
import textwrap
from collections.abc import Iterator
from functools import cache
from types import FunctionType

from projections.projection import Projection


def fingerprint(projection: Projection) -> str:
    """Of the handlers, the functions of their modules that they call, and the tables; not of comments and layout."""
    parts = [repr(table) for table in projection.tables]
    for name, when in sorted(projection.handlers.items()):
        parts += [name, *_sources(when, set())]
    return hashlib.blake2b("\n".join(parts).encode(), digest_size=8).hexdigest()


def _sources(function: object, seen: set[object]) -> Iterator[str]:
    if not isinstance(function, FunctionType) or function in seen:
        return
    seen.add(function)
    source, names = _source(function)
    yield source
    for name in names:
        found = function.__globals__.get(name)
        if isinstance(found, FunctionType) and found.__module__ == function.__module__:
            yield from _sources(found, seen)
        elif isinstance(found, int | str):
            yield f"{name}={found!r}"


@cache
def _source(function: FunctionType) -> tuple[str, list[str]]:
    """Its source without docstrings, and the names in it: read once, as operators ask for fingerprints again."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
    return ast.unparse(tree), sorted({node.id for node in ast.walk(tree) if isinstance(node, ast.Name)})
