"""The import of an exported chat into a group: batches of messages, in order, as commands of the group's owner."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

from domain.chat.conversation import ExportedMessage, ImportMessages, Kind
from domain.kernel import Actor
from producers.chat_export import DateOrder, Entry, SystemLine, detect, open_export, parse, read_lines
from producers.gateway import Busy, Gateway, Pending

BATCH = 200  # messages of one command
BATCH_TEXT = 128 * 1024  # bytes of text of one command, about
LONGEST = 16_000  # characters of one message (at most 64,000 bytes); a longer text becomes several messages
AUTHOR = 100  # characters of an author's name


@dataclass(slots=True)
class ImportProgress:
    """How far an import is; `total` is 0 until the file was looked through."""

    done: int = 0
    total: int = 0
    error: str = ""
    finished: bool = False


async def import_chat(
    gateway: Gateway,
    path: Path,
    group: UUID,
    owner: Actor,
    *,
    zone: ZoneInfo,
    order: DateOrder | None = None,
    members: Mapping[str, UUID] | None = None,
    told: Callable[[ImportProgress], None] = lambda progress: None,
) -> ImportProgress:
    """Imports the file at `path` into a group of `owner`, who must be its owner in the chat.

    `members` tells which author is which member; others keep their names only. Importing the same file again, or a
    longer export of the same chat, adds what is new. Raises UnreadableExport before anything is imported, Rejected
    where the group refuses it.
    """
    progress = ImportProgress()
    progress.total, source = await asyncio.to_thread(_look_through, path, zone, order)
    told(progress)
    first = 1
    async for batch in _batches(path, zone, order, members or {}):
        command = ImportMessages(source, first, tuple(batch))
        await _until_accepted(gateway, command, str(group), owner)
        first += len(batch)
        progress.done = first - 1
        told(progress)
    progress.finished = True
    told(progress)
    return progress


async def _until_accepted(gateway: Gateway, command: ImportMessages, group: str, owner: Actor) -> None:
    """Repeats a batch whose answer did not come: what is in already is skipped by the group itself."""
    while True:
        try:
            await gateway.submit(command, group, owner)
            return
        except (Busy, Pending):
            await asyncio.sleep(0.5)


def _look_through(path: Path, zone: ZoneInfo, order: DateOrder | None) -> tuple[int, str]:
    """How many messages the file has, and the name of this chat: longer exports of it begin with the same message."""
    total, source = 0, ""
    for entry in _entries(path, zone, order):
        source = source or f"export-{entry.key}"
        total += sum(1 for _ in _parts(entry, {}))
    return total, source


def _entries(path: Path, zone: ZoneInfo, order: DateOrder | None) -> Iterator[Entry]:
    with open_export(path) as stream:
        layout = detect(read_lines(stream), order)
    with open_export(path) as stream:
        yield from parse(read_lines(stream), zone=zone, layout=layout)


async def _batches(
    path: Path, zone: ZoneInfo, order: DateOrder | None, members: Mapping[str, UUID]
) -> AsyncIterator[list[ExportedMessage]]:
    batch: list[ExportedMessage] = []
    size = 0
    for entry in _entries(path, zone, order):
        for part in _parts(entry, members):
            batch.append(part)
            size += 4 * len(part.text)
            if len(batch) == BATCH or size > BATCH_TEXT:
                yield batch
                batch, size = [], 0
    if batch:
        yield batch


def _parts(entry: Entry, members: Mapping[str, UUID]) -> Iterator[ExportedMessage]:
    """An entry as messages of the chat: usually one, several where its text is longer than one may be."""
    text, kind = _text(entry), Kind.NOTICE if isinstance(entry, SystemLine) else Kind(entry.kind.value)
    author = "" if isinstance(entry, SystemLine) else entry.author[:AUTHOR]
    for start in range(0, max(1, len(text)), LONGEST):
        yield ExportedMessage(members.get(author), author, entry.at, kind, text[start : start + LONGEST])


def _text(entry: Entry) -> str:
    if isinstance(entry, SystemLine):
        return entry.text
    if entry.deleted:
        return entry.text or "(deleted)"
    if entry.attachment:
        return f"{entry.attachment}\n{entry.text}".strip()
    return entry.text
