"""The log as people read it: what is found, what is followed, and what is never shown."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints
from uuid import UUID

import msgspec
import orjson
import pytest

from domain.catalogue import CATALOGUE
from domain.chat.conversation import TitleChanged
from domain.identity.person import PasswordChanged, Renamed, RoleGranted
from domain.kernel import Actor, Snapshot
from infra.embedded.log import EmbeddedLog
from infra.embedded.tables import EmbeddedTables
from infra.log import Record, Topic
from infra.progress import PROGRESS, Progress, marks
from projections.journal import Journal, Wanted
from schemas import topics
from tests.scenario import ANN, BOB
from tests.unit.past import CODEC, Past, put

CHAT, IDENTITY = topics.events("chat"), topics.events("identity")
SECRET = "hush-hush-hush"
ANN_ACTS, BOB_ACTS = (Actor("person", str(each), frozenset({"operator"})) for each in (ANN, BOB))


def titled(title: str) -> TitleChanged:
    return TitleChanged(title, ANN, 1)


def titled_body(title: str) -> dict[str, Any]:
    return {"title": title, "by": str(ANN), "at_seq": 1}


@dataclass
class Reading:
    log: EmbeddedLog
    tables: EmbeddedTables
    journal: Journal
    past: Past

    async def bodies(self, limit: int, /, **wanted: str) -> list[Any]:
        return [each["body"] for each in await self.journal.latest(Wanted(**wanted), limit)]


@pytest.fixture
async def reading(tmp_path: Path) -> AsyncIterator[Reading]:
    log, tables = EmbeddedLog(tmp_path / "log.db"), EmbeddedTables(tmp_path / "tables.db")
    log.ensure([Topic(CHAT, 2), Topic(IDENTITY, 2), Topic(topics.state("chat"), 2), Topic(topics.ANSWERS, 1)])
    await tables.create([PROGRESS])
    yield Reading(log, tables, Journal(log, CODEC, tables, ["follower", "stranger"]), Past())
    log.close()
    await tables.close()


@pytest.fixture
def told(reading: Reading) -> Reading:
    """Four events of two systems, by two people, in two chains."""
    past = reading.past
    past.happen(titled("one"), "a1", by=ANN_ACTS, correlation="first")
    past.happen(titled("two"), "b2", partition=1, by=BOB_ACTS, correlation="second")
    past.happen(RoleGranted("three"), "a1", by=ANN_ACTS, correlation="second")
    past.happen(Renamed("four", "new", "old"), "a1", partition=1, by=BOB_ACTS, correlation="first")
    put(reading.log, *past.records)
    return reading


ONE, TWO, THREE, FOUR = (
    titled_body("one"),
    titled_body("two"),
    {"role": "three"},
    {"name": "four", "name_claim": "new", "old_name_claim": "old"},
)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, [ONE, TWO, THREE, FOUR]),
        ({"system": "chat"}, [ONE, TWO]),
        ({"topic": IDENTITY}, [THREE, FOUR]),
        ({"topic": IDENTITY, "system": "chat"}, []),
        ({"topic": "no.such"}, []),
        ({"system": "cha"}, []),
        ({"key": "person/a"}, [THREE, FOUR]),
        ({"key": "conversation/b2"}, [TWO]),
        ({"key": "a1"}, []),
        ({"type": "identity.person.R"}, [THREE, FOUR]),
        ({"type": "identity.person.Role"}, [THREE]),
        ({"type": "person.Role"}, []),
        ({"actor": str(ANN)}, [ONE, THREE]),
        ({"actor": str(ANN)[:8]}, []),
        ({"actor": "operator"}, []),  # a role is nobody
        ({"correlation": "second"}, [TWO, THREE]),
        ({"correlation": "sec"}, []),
        ({"actor": str(BOB), "correlation": "first"}, [FOUR]),
        ({"actor": str(BOB), "correlation": "first", "system": "chat"}, []),
    ],
    ids=str,
)
async def test_what_is_found_agrees_in_every_part(told: Reading, wanted: dict[str, str], found: list[Any]) -> None:
    assert await told.bodies(100, **wanted) == found


async def test_the_latest_are_the_last_in_time_whatever_their_partition(told: Reading) -> None:
    assert await told.bodies(2) == [THREE, FOUR]
    assert await told.bodies(1, system="chat") == [TWO]
    assert await told.bodies(0) == []


async def test_what_only_repeats_is_shown_when_asked_for_by_name(reading: Reading) -> None:
    state = topics.state("chat")
    empty = CODEC.encode(Snapshot(3, CATALOGUE.named("chat", "conversation").initial))
    put(reading.log, Record(state, 1, 0, b"conversation/a1", empty, {}, 0))
    put(reading.log, Record(topics.ANSWERS, 0, 0, b"token", None, {}, 0))
    assert await reading.bodies(100) == []
    assert await reading.bodies(100, system="chat") == []
    assert len(await reading.bodies(100, topic=state)) == 1
    assert await reading.bodies(100, topic=topics.ANSWERS) == [None]


async def test_a_record_says_who_did_what_where_and_when(told: Reading) -> None:
    [found] = await told.journal.latest(Wanted(type="chat", key="conversation/b2"), 10)
    record = told.past.records[1]
    assert (found["topic"], found["partition"], found["offset"], found["sequence"]) == (CHAT, 1, 0, 1)
    assert (found["type"], found["key"]) == ("chat.conversation.TitleChanged", "conversation/b2")
    assert found["actor"] == f"person|{BOB}|operator"
    assert found["size"] == len(record.value or b"")
    assert found["time"].timestamp() * 1_000_000 == record.time


# Secrets.


def _marked(annotation: Any, secret: bool) -> Any:
    """A value of this type; where it is secret, it can be recognised."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in (Union, UnionType):
        return _marked(next(each for each in arguments if each is not NoneType), secret)
    if origin in (tuple, frozenset):
        return origin([_marked(arguments[0], secret)])
    if origin is dict:
        return {_marked(arguments[0], secret): _marked(arguments[1], secret)}
    if is_dataclass(annotation):
        return _message(annotation)  # type: ignore[arg-type]
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return next(iter(annotation))
    text = SECRET if secret else "open"
    values: dict[Any, Any] = {
        str: text,
        bytes: text.encode(),
        bool: True,
        int: 7,
        float: 0.5,
        UUID: ANN,
        datetime: datetime(2026, 3, 1, tzinfo=UTC),
        date: date(2026, 3, 1),
        timedelta: timedelta(1),
    }
    return values[annotation]


def _message(made: type) -> Any:
    """A message of this type with something in every field, its own parts' fields too."""
    hints = get_type_hints(made)
    assert is_dataclass(made)
    return made(**{each.name: _marked(hints[each.name], bool(each.metadata.get("secret"))) for each in fields(made)})


MESSAGES = [each for a in CATALOGUE.aggregates for each in (*a.commands, *a.events, a.state)]


@pytest.mark.parametrize("made", MESSAGES, ids=lambda each: f"{each.__module__}.{each.__name__}")
def test_secret_fields_of_every_message_are_never_shown(reading: Reading, made: type) -> None:
    message = _message(made)
    state = made in {each.state for each in CATALOGUE.aggregates}
    body = CODEC.encode(Snapshot(1, message) if state else message)
    found = reading.journal.readable(Record("any", 0, 0, b"key", body, {}, 0))
    shown = orjson.dumps(found).decode()
    assert "unreadable" not in shown
    assert SECRET not in shown
    assert f"({len(SECRET)} bytes)" not in shown  # nor how long one is
    assert ("(secret)" in shown) == (SECRET in repr(message))
    assert list(found["body"]) == [each.name for each in fields(made)]


def test_some_messages_of_each_kind_have_secrets_to_hide() -> None:
    hiding = {each for each in MESSAGES if SECRET in repr(_message(each))}
    for kind in ("commands", "events"):
        assert hiding & {each for a in CATALOGUE.aggregates for each in getattr(a, kind)}
    assert hiding & {each.state for each in CATALOGUE.aggregates}


# What cannot be read.


async def test_an_unreadable_record_is_shown_as_such_among_the_others(told: Reading) -> None:
    for body in (b"", b"{}", b"\0\0\0\0\0\0\0", (told.past.records[0].value or b"")[:-1]):
        broken = {"ce_sequence": b"-1", "ce_time": b"\xff"}
        put(told.log, msgspec.structs.replace(told.past.records[0], value=body, headers=broken))
    found = await told.journal.latest(Wanted(topic=CHAT), 10)
    assert [each["body"] for each in found[:2]] == [ONE, TWO]
    for each in found[2:]:
        assert list(each["body"]) == ["unreadable"]
        assert each["body"]["unreadable"]
        assert each["sequence"] is None
    assert len(found) == 6
    orjson.dumps(found)


def test_a_secret_that_cannot_be_read_is_not_quoted(reading: Reading) -> None:
    body = CODEC.encode(PasswordChanged(SECRET + "?")).replace(b"?", b"\xff")
    found = reading.journal.readable(Record(IDENTITY, 0, 0, b"person/a1", body, {}, 0))
    assert list(found["body"]) == ["unreadable"]
    assert SECRET not in repr(found)


def test_a_long_text_is_cut_and_says_so(reading: Reading) -> None:
    record = Record(CHAT, 0, 0, b"", CODEC.encode(titled("x" * 5_000)), {}, 0)
    assert reading.journal.readable(record)["body"] == titled_body("x" * 2_000 + "…")


# One chain, and what comes.


async def test_a_trace_says_which_consumers_have_applied_what(told: Reading) -> None:
    put(told.log, told.past.happen(titled("five"), "a1", correlation="second"))
    reached = {(CHAT, 0): Progress(1, 0, 0, 0), (IDENTITY, 0): Progress(1, 0, 0, 0)}
    await told.tables.write(marks("follower", reached))
    found = await told.journal.trace("second")
    assert [each["body"] for each in found["records"]] == [TWO, THREE, titled_body("five")]
    applied = {(each["consumer"], each["id"]): each for each in found["applied"]}
    assert {key: each["applied"] for key, each in applied.items()} == {
        ("follower", "chat-0-2:1"): False,
        ("follower", "identity-0-1:1"): True,
    }
    assert applied["follower", "chat-0-2:1"]["at"] is None
    assert applied["follower", "identity-0-1:1"]["at"] is not None
    assert (await told.journal.trace("nobody's"))["records"] == []


async def test_a_tail_brings_what_comes_later_and_is_wanted(told: Reading) -> None:
    seen: list[Any] = []
    async with aclosing(told.journal.tail(Wanted(system="chat", key="conversation/a1"))) as tail:
        async for batch, missed in tail:
            assert missed == 0
            seen += [each["body"] for each in batch]
            if seen:
                break
            put(told.log, told.past.happen(titled("not asked for"), "b2"))
            put(told.log, told.past.happen(titled("later"), "a1"))
    assert all(each == titled_body("later") for each in seen)
