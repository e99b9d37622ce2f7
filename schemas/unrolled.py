"""Record readers and writers as straight-line functions, made from source as dataclasses makes `__init__`.

A loop over the fields does the same and takes a quarter longer: see docs/decisions/avro-codec.md.
"""

from collections.abc import Callable, Mapping, Sequence
from textwrap import indent
from typing import Any

Write = Callable[[Any], bytes]
Read = Callable[[bytes, int], tuple[Any, int]]  # the bytes and where the value begins → the value and where it ends


def record_reader(fields: Sequence[tuple[str, Read]], inlined: Mapping[Read, str]) -> Read:
    """Reads the fields one after the other into a dict.

    `inlined` has source for readers that are worth it: to set `{value}`, move `at` in `data`, and call `{read}`.
    """
    lines, names = [], {f"read_{place}": read for place, (_, read) in enumerate(fields)}
    for place, (_, read) in enumerate(fields):
        source = inlined.get(read, "{value}, at = {read}(data, at)")
        lines.append(source.format(value=f"value_{place}", read=f"read_{place}").strip("\n"))
    record = ", ".join(f"{name!r}: value_{place}" for place, (name, _) in enumerate(fields))
    return _function("record(data, at)", [*lines, f"return {{{record}}}, at"], names)


def record_writer(fields: Sequence[tuple[str, Write, str]], constants: Mapping[str, object]) -> Write:
    """Writes the attributes of these names one after the other.

    Each comes with the expression that writes it: of `{value}` and `constants`, with `value` free to assign and
    `{write}` to call.
    """
    names = {**constants, **{f"write_{place}": write for place, (_, write, _) in enumerate(fields)}}
    parts = [
        source.format(value=f"record.{name}", write=f"write_{place}") for place, (name, _, source) in enumerate(fields)
    ]
    return _function("record(record)", [f"return b''.join(({''.join(f'{part}, ' for part in parts)}))"], names)


def _function(signature: str, lines: Sequence[str], names: Mapping[str, object]) -> Callable[..., Any]:
    made: dict[str, Any] = dict(names)
    exec(f"def {signature}:\n{indent(chr(10).join(lines), '    ')}", made)
    function: Callable[..., Any] = made["record"]
    return function
