"""The import of an exported chat: a file goes up, a group comes out, and one can see how far it is."""

import asyncio
import tempfile
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import structlog
from fastapi import APIRouter, Query, Request, UploadFile

from api.callers import Caller, Front, Have, SignedIn
from api.problems import Problem, not_found
from api.secrets import id_from
from api.services import Services
from domain.chat.conversation import CreateGroup
from domain.kernel import Rejected
from producers.chat_export import DateOrder, UnreadableExport, detect, open_export, read_lines
from producers.chat_import import ImportProgress, import_chat

router = APIRouter(tags=["chat"], prefix="/imports")
log = structlog.get_logger(__name__)

REMEMBERED = 1_000  # imports whose progress this process still tells
AT_ONCE = 2  # imports under way; the next ones wait


@dataclass(slots=True)
class Import:
    owner: UUID
    group: UUID
    progress: ImportProgress


class Imports:
    """The imports that this process runs."""

    def __init__(self) -> None:
        self._known: OrderedDict[UUID, Import] = OrderedDict()
        self._running = asyncio.Semaphore(AT_ONCE)
        self._tasks: set[asyncio.Task[None]] = set()

    def of(self, number: UUID, caller: Caller) -> Import:
        """One's import; raises 404."""
        found = self._known.get(number)
        if found is None or found.owner != caller.person:
            raise not_found("There is no such import, or it ended long ago.")
        return found

    def start(
        self, have: Services, caller: Caller, group: UUID, path: Path, zone: ZoneInfo, order: DateOrder | None
    ) -> None:
        """Begins an import of the file, which is removed at its end."""
        started = self._known[group] = Import(caller.person, group, ImportProgress())
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        task = asyncio.create_task(self._run(started, have, caller, path, zone, order))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(
        self,
        started: Import,
        have: Services,
        caller: Caller,
        path: Path,
        zone: ZoneInfo,
        order: DateOrder | None,
    ) -> None:
        def told(progress: ImportProgress) -> None:
            started.progress = progress

        try:
            async with self._running:
                members = await _known_authors(have, caller)
                await import_chat(
                    have.gateway,
                    path,
                    started.group,
                    caller.actor,
                    zone=zone,
                    order=order,
                    members=members,
                    told=told,
                )
        except (UnreadableExport, Rejected) as error:
            started.progress.error = str(error) if isinstance(error, UnreadableExport) else error.detail
        except Exception:
            log.exception("import failed", group=str(started.group))
            started.progress.error = "The import stopped. Send the same file again: it goes on where it was."
        finally:
            await asyncio.to_thread(path.unlink, missing_ok=True)


async def _known_authors(have: Services, caller: Caller) -> dict[str, UUID]:
    """Which author is which person: oneself by name, others by the label or name in one's contacts."""
    contacts = await have.conversations.contacts(caller.person)
    names = await have.people.names(each.person for each in contacts)
    known = {names[each.person]: each.person for each in contacts if each.person in names}
    known |= {each.label: each.person for each in contacts if each.label}
    return {**known, caller.name: caller.person}


@router.post("", status_code=202)
async def start_import(
    file: UploadFile,
    request: Request,
    caller: SignedIn,
    desk: Front,
    have: Have,
    title: Annotated[str, Query(min_length=1, max_length=100)] = "Imported chat",
    date_order: Annotated[str, Query(pattern="^(auto|dmy|mdy|ymd)$")] = "auto",
    zone: Annotated[str, Query(max_length=64)] = "UTC",
) -> dict[str, UUID]:
    """Imports an exported chat (`.txt`, or the `.zip` of an iPhone) into a new group of one's own.

    422 `unreadable_export` says the line and what was expected; `ambiguous_dates` asks for `date_order`. The same
    Idempotency-Key and file go on with the same group.
    """
    try:
        where = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise Problem(422, "invalid_request", "zone: name a time zone such as Europe/Berlin.") from error
    order = None if date_order == "auto" else DateOrder(date_order)
    path = await _kept(file)
    try:
        await asyncio.to_thread(_check, path, order)
        command_id = desk.command_id(caller.actor)
        group = UUID(id_from("group", command_id))
        members = await _known_authors(have, caller)
        people = tuple(dict.fromkeys(each for each in members.values() if each != caller.person))[:1_000]
        await desk.submit(CreateGroup(title, people, have.secrets.seal(group)), str(group), caller.actor, command_id)
    except UnreadableExport as error:
        path.unlink(missing_ok=True)
        code = "ambiguous_dates" if hasattr(error, "orders") else "unreadable_export"
        raise Problem(422, code, str(error)) from error
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    imports: Imports = request.app.state.imports
    imports.start(have, caller, group, path, where, order)
    return {"import_id": group, "chat_id": group}


@router.get("/{import_id}")
async def progress(import_id: UUID, request: Request, caller: SignedIn) -> dict[str, Any]:
    """How far an import is: `state` is running, finished or failed."""
    imports: Imports = request.app.state.imports
    now = imports.of(import_id, caller).progress
    state = "failed" if now.error else "finished" if now.finished else "running"
    return {"state": state, "done": now.done, "total": now.total, "error": now.error or None}


async def _kept(file: UploadFile) -> Path:
    with tempfile.NamedTemporaryFile(prefix="import-", delete=False) as kept:
        while piece := await file.read(1_000_000):
            kept.write(piece)
    return Path(kept.name)


def _check(path: Path, order: DateOrder | None) -> None:
    """Raises UnreadableExport now rather than in the background."""
    with open_export(path) as stream:
        detect(read_lines(stream), order)
