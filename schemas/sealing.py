"""Personal fields: sealed with a key of the person they are about, so that without the key nobody can read them again.

A field says whose it is in its metadata: `{"personal": "sender"}` names the field with the subject's id, in its own
record or one around it; `aggregate_id` and `actor` are known from the envelope. Where there are several, as in
`person|booking`, the first that is there counts; where none is, the field is not sealed. Texts are sealed, in lists, in
a record and as values of a dict too (as keys, where the values are no texts); None stays None.

What is sealed is a text as well, so schemas stay as they are, and what was written before stays readable. It says
itself where its key is: whoever has the keys can open it wherever it has got to, in a table or inside JSON. Equal texts
of one subject are sealed equally (AES-SIV, RFC 5297): a repeated command is the same bytes again.
"""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from dataclasses import fields, is_dataclass, replace
from json import dumps
from operator import attrgetter
from types import NoneType, UnionType
from typing import Any, NamedTuple, Protocol, Union, get_args, get_origin, get_type_hints

from cryptography.exceptions import InvalidTag

from domain.kernel import Snapshot
from schemas.avro import Unsupported

MARK = "sealed:1:"
FORGOTTEN = "(forgotten)"  # what a field of somebody who was forgotten reads as
OTHERS = "(of somebody else)"  # what it reads as for one person where it is another's
PLACE = 8  # bytes
REMEMBERED, SHORT = 4_096, 2_048  # texts in memory; how long one of them may be, sealed
SEALED = re.compile(rf"{MARK}[A-Za-z0-9_-]{{32,}}")  # at least a place and the 16 bytes that prove a key right


class Cipher(Protocol):
    """The key of one subject."""

    def encrypt(self, data: bytes, associated_data: list[bytes] | None) -> bytes: ...

    def decrypt(self, data: bytes, associated_data: list[bytes] | None) -> bytes:
        """Raises InvalidTag for what was not encrypted with it."""


class Keys(Protocol):
    """Where the keys of subjects are; safe to use from any thread."""

    def place(self, subject: str) -> bytes:
        """PLACE bytes that stand for the subject."""

    def cipher(self, place: bytes) -> Cipher | None:
        """None where the subject is forgotten."""


class Around(NamedTuple):
    """What is known of a message beside itself."""

    aggregate_id: str = ""
    actor: str = ""  # the acting person's id; "" for others


# The message, the records inside it down to the field's own, and what is around it first.
Chain = tuple[Any, ...]
Whose = Callable[[Chain], str]  # the subject's id; "" where there is none
Turn = Callable[[str, Whose, Chain], str]  # seals or opens one text
Step = Callable[[Any, Chain, Turn], Any]


class Seals:
    """Seals and opens texts, and the personal fields of the messages it is told of."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self._steps: dict[type, Step] = {}
        # What was opened is often sealed again at once, from a command into an event, and what was sealed comes back
        # in an answer. Looked at only after the key was found: a forgotten person's texts are of no use in here.
        self._tokens: dict[tuple[bytes, str], str] = {}
        self._texts: dict[str, str] = {}

    def learn(self, message: type) -> None:
        """From now on this type's personal fields are sealed. Raises Unsupported for a mark that names no subject."""
        if step := _record(message, (Around,)):
            self._steps[message] = step

    def seal_all(self, message: Any, around: Around) -> Any:
        """The message with its personal fields sealed; those of somebody forgotten are dropped."""
        return self._turned(message, (around,), self._sealed)

    def open_all(self, message: Any) -> Any:
        """The message as it was before `seal_all`; what nobody can read any more is FORGOTTEN."""
        return self._turned(message, (), self._opened)

    def subjects(self, message: Any, around: Around) -> frozenset[str]:
        """Whose the message's personal fields are."""
        found: set[str] = set()

        def noted(text: str, whose: Whose, chain: Chain) -> str:
            found.add(whose(chain))
            return text

        self._turned(message, (around,), noted)
        return frozenset(found - {""})

    def only_of(self, subject: str, message: Any, around: Around) -> Any:
        """The message with what is personal of others left out."""

        def kept(text: str, whose: Whose, chain: Chain) -> str:
            return text if whose(chain) in (subject, "") else OTHERS

        return self._turned(message, (around,), kept)

    def seal(self, text: str, subject: str) -> str:
        """The text as only the subject's key can open it; FORGOTTEN where there is no such key any more."""
        place = self._keys.place(subject)
        cipher = self._keys.cipher(place)
        if cipher is None:
            return FORGOTTEN
        token = self._tokens.get((place, text))
        if token is None:
            token = MARK + urlsafe_b64encode(place + cipher.encrypt(text.encode(), None)).rstrip(b"=").decode()
            self._remember(place, text, token)
        return token

    def open(self, text: str) -> str:
        """What was sealed; FORGOTTEN where its key is gone, and any other text as it is."""
        if not (text.startswith(MARK) and SEALED.fullmatch(text)):
            return text
        encoded = text[len(MARK) :]
        place = urlsafe_b64decode(encoded[:12])[:PLACE]
        cipher = self._keys.cipher(place)
        if cipher is None:
            return FORGOTTEN
        found = self._texts.get(text)
        if found is None:
            try:
                data = urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
                found = cipher.decrypt(data[PLACE:], None).decode()
            except (InvalidTag, ValueError):
                return FORGOTTEN  # sealed with keys that are not of this installation, or by nobody
            self._remember(place, found, text)
        return found

    def _remember(self, place: bytes, text: str, token: str) -> None:
        if len(token) <= SHORT:
            if len(self._texts) >= REMEMBERED:
                self._texts.clear()
                self._tokens.clear()
            self._texts[token], self._tokens[place, text] = text, token

    def open_within(self, text: str) -> str:
        """Opens what is sealed: the whole text, or strings in the JSON that it is."""
        if MARK not in text:
            return text
        if SEALED.fullmatch(text):
            return self.open(text)
        return SEALED.sub(lambda found: dumps(self.open(found[0]), ensure_ascii=False)[1:-1], text)

    def _turned(self, message: Any, before: Chain, turn: Turn) -> Any:
        if type(message) is Snapshot:
            step = self._steps.get(type(message.state))
            return message if step is None else replace(message, state=step(message.state, before, turn))
        step = self._steps.get(type(message))
        return message if step is None else step(message, before, turn)

    def _sealed(self, text: str, whose: Whose, chain: Chain) -> str:
        subject = whose(chain)
        return self.seal(text, subject) if subject and text else text  # of nothing, nothing is to be hidden

    def _opened(self, text: str, whose: Whose, chain: Chain) -> str:
        return self.open(text)


# From a class to the steps that its personal fields need: made once, when a codec is.


def _record(kind: type, above: Sequence[type]) -> Step | None:
    """None where there is nothing personal in it."""
    if kind in above:
        return None  # it contains itself, which has no form on the wire
    chain, hints, names = (*above, kind), get_type_hints(kind), [each.name for each in fields(kind)]
    steps = {each.name: step for each in fields(kind) if (step := _field(each, hints[each.name], chain))}
    if not steps:
        return None

    all_of = attrgetter(*names) if len(names) > 1 else lambda record: (getattr(record, names[0]),)
    places = [(names.index(name), step) for name, step in steps.items()]

    def rebuilt(record: Any, before: Chain, turn: Turn) -> Any:
        here, values = (*before, record), list(all_of(record))
        for index, step in places:
            values[index] = step(values[index], here, turn)
        return kind(*values)  # `replace` takes twice as long, and it is done for each message

    return rebuilt


def _field(field: Any, annotation: Any, chain: Sequence[type]) -> Step | None:
    mark = field.metadata.get("personal")
    if mark is None:
        return _inside(annotation, chain)
    where = f"{chain[-1].__name__}.{field.name}"
    return _personal(annotation, _whose(mark, chain, where), where)


def _inside(annotation: Any, chain: Sequence[type]) -> Step | None:
    """Personal fields of records that lie in an unmarked field."""
    annotation = _present(annotation)
    if isinstance(annotation, type) and is_dataclass(annotation):
        found = _record(annotation, chain)
        return None if found is None else _optional(found)
    origin, arguments = get_origin(annotation), get_args(annotation)
    one = _inside(arguments[-1] if origin is dict else arguments[0], chain) if origin in (tuple, dict) else None
    if one is None:
        return None
    each = one
    if origin is tuple:
        return _optional(lambda value, here, turn: tuple([each(item, here, turn) for item in value]))
    return _optional(lambda value, here, turn: {key: each(item, here, turn) for key, item in value.items()})


def _personal(annotation: Any, whose: Whose, where: str) -> Step:
    annotation = _present(annotation)
    origin, arguments = get_origin(annotation), get_args(annotation)
    if isinstance(annotation, type) and is_dataclass(annotation):
        hints = get_type_hints(annotation)
        texts = [each.name for each in fields(annotation) if hints[each.name] is str]
        return _optional(
            lambda value, here, turn: replace(
                value, **{name: turn(getattr(value, name), whose, here) for name in texts}
            )
        )
    if annotation is str:
        return _optional(lambda value, here, turn: turn(value, whose, here))
    if origin is tuple and arguments[0] is str:
        return _optional(lambda value, here, turn: tuple([turn(each, whose, here) for each in value]))
    if origin is dict and arguments[1] is str:
        return _optional(lambda value, here, turn: {key: turn(each, whose, here) for key, each in value.items()})
    if origin is dict and arguments[0] is str:
        return _optional(lambda value, here, turn: {turn(key, whose, here): each for key, each in value.items()})
    raise Unsupported(f"{where}: only texts can be personal, not {annotation}")


def _optional(step: Step) -> Step:
    return lambda value, here, turn: None if value is None else step(value, here, turn)


def _present(annotation: Any) -> Any:
    """The type without its None."""
    if get_origin(annotation) in (Union, UnionType):
        (annotation,) = (each for each in get_args(annotation) if each is not NoneType)
    return annotation


def _whose(mark: str, chain: Sequence[type], where: str) -> Whose:
    choices = [_path(each.strip(), chain, where) for each in mark.split("|")]

    if len(choices) == 1:
        (only,) = choices
        return lambda here: "" if (found := only(here)) is None else str(found)

    def whose(here: Chain) -> str:
        return next((str(found) for choice in choices if (found := choice(here)) not in (None, "")), "")

    return whose


def _path(path: str, chain: Sequence[type], where: str) -> Callable[[Chain], Any]:
    """The value of `field`, or of `field.of_it`, in the innermost record that has such a field."""
    name, *rest = path.split(".")
    for index in range(len(chain) - 1, -1, -1):
        if name in get_type_hints(chain[index]):
            break
    else:
        raise Unsupported(f"{where}: there is no {name!r} to say whose it is")

    if not rest:
        return lambda here: getattr(here[index], name)

    def found(here: Chain) -> Any:
        value = getattr(here[index], name)
        for each in rest:
            value = None if value is None else getattr(value, each)
        return value

    return found
