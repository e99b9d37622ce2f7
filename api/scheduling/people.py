"""Comments, files and followers: what people say about bookings, lay beside them, and show of them to others."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

import msgspec
from fastapi import APIRouter, Header, Query, Request, Response
from pydantic import Field

from api.callers import Caller, Front, Have, SignedIn
from api.identity import Body
from api.problems import Problem, not_found
from api.scheduling.bookings import Key, shown
from api.scheduling.guests import Anybody, Ready, actor_of, booking_of, proof_of, shown_soon
from api.secrets import id_from
from api.services import Services
from domain.scheduling.calendar import AttachFile, Calendar, Comment, DeleteNote, SetPublic
from domain.scheduling.calendar.notes import LARGEST, MEDIA, blob_name
from domain.scheduling.follower import Follow, Unfollow
from infra.tables import Row

router = APIRouter(tags=["scheduling"])

PAST = timedelta(days=31)  # that the feed looks back
# What the files of a type begin with; a file that begins otherwise is not what it says.
BEGINNINGS = {
    "image/png": (b"\x89PNG\r\n\x1a\n",),
    "image/jpeg": (b"\xff\xd8\xff",),
    "image/gif": (b"GIF87a", b"GIF89a"),
    "image/webp": (b"RIFF",),
    "application/pdf": (b"%PDF-",),
}


class NewComment(Body):
    text: Annotated[str, Field(min_length=1, max_length=4_096)]


class Visibility(Body):
    public: bool


@router.put("/calendars/{calendar_id}/bookings/{booking_id}/public", status_code=204)
async def set_public(calendar_id: UUID, booking_id: UUID, body: Visibility, caller: SignedIn, desk: Front) -> None:
    """Shows to all who are signed in that the host meets then, or no longer; never who the guests are."""
    await desk.submit(SetPublic(booking_id, body.public), str(calendar_id), caller.actor)


@router.get("/bookings/{booking_id}/comments")
async def comments(
    booking_id: UUID, caller: Anybody, have: Have, ready: Ready, key: Key = None
) -> list[dict[str, Any]]:
    """What was said about a booking, for its parties; of a public one for all who are signed in."""
    await _seen(have, booking_id, caller, key)
    return [
        {
            "comment_id": row["note"],
            "author": row["author"],
            "by_host": row["by_host"],
            "name": row["name"],
            "text": row["text"],
            "written_at": row["written_at"],
        }
        for row in await have.calendars.notes(booking_id)
        if row["digest"] is None
    ]


@router.post("/bookings/{booking_id}/comments", status_code=201)
async def comment(
    booking_id: UUID, body: NewComment, caller: Anybody, desk: Front, have: Have, ready: Ready, key: Key = None
) -> dict[str, UUID]:
    """Says something about a booking."""
    await shown_soon(have, booking_id)
    row = await _seen(have, booking_id, caller, key)
    actor = actor_of(caller)
    command_id = desk.command_id(actor)
    note = UUID(id_from("comment", str(booking_id), command_id))
    name = caller.name if caller else row["guest_name"]
    command = Comment(booking_id, note, name, body.text, proof_of(key))
    await desk.submit(command, str(row["calendar"]), actor, command_id)
    return {"comment_id": note}


@router.get("/bookings/{booking_id}/files")
async def files(booking_id: UUID, caller: Anybody, have: Have, ready: Ready, key: Key = None) -> list[dict[str, Any]]:
    """The files beside a booking, for its parties alone."""
    await booking_of(have, booking_id, caller, key)
    return [_file(row) for row in await have.calendars.notes(booking_id) if row["digest"] is not None]


@router.post("/files", status_code=201, openapi_extra={"requestBody": {"content": {each: {} for each in MEDIA}}})
async def attach(
    request: Request,
    booking_id: UUID,
    name: Annotated[str, Query(min_length=1, max_length=200)],
    caller: Anybody,
    desk: Front,
    have: Have,
    ready: Ready,
    content_type: Annotated[str, Header()],
    key: Key = None,
) -> dict[str, Any]:
    """Lays a file beside a booking: the body is its bytes, the content type one of those that are taken."""
    await shown_soon(have, booking_id)
    row, _ = await booking_of(have, booking_id, caller, key)
    data, media = await request.body(), content_type.partition(";")[0].strip().lower()
    _check(data, media)
    actor = actor_of(caller)
    command_id = desk.command_id(actor)
    note = UUID(id_from("file", str(booking_id), command_id))
    digest = hashlib.sha256(data).digest()
    await have.blobs.put(blob_name(booking_id, digest), _whole(data))
    command = AttachFile(booking_id, note, name, media, len(data), digest, proof_of(key))
    await desk.submit(command, str(row["calendar"]), actor, command_id)
    return {"file_id": note, "size": len(data), "sha256": digest.hex()}


@router.get("/bookings/{booking_id}/files/{file_id}", response_class=Response)
async def file(
    booking_id: UUID,
    file_id: UUID,
    caller: Anybody,
    have: Have,
    ready: Ready,
    key: Key = None,
    range_: Annotated[str | None, Header(alias="Range")] = None,
    if_none_match: Annotated[str | None, Header()] = None,
) -> Response:
    """The bytes of a file, or a range of them (RFC 9110, 14), for the booking's parties alone."""
    await booking_of(have, booking_id, caller, key)
    notes = {row["note"]: row for row in await have.calendars.notes(booking_id) if row["digest"] is not None}
    if file_id not in notes:
        raise not_found("There is no such file.")
    row = notes[file_id]
    tag = f'"{row["digest"].hex()}"'
    headers = {"ETag": tag, "Accept-Ranges": "bytes", "Cache-Control": "private", "Content-Disposition": "attachment"}
    if if_none_match == tag:
        return Response(status_code=304, headers=headers)
    size, asked = row["size"], _range(range_, row["size"])
    start, end = asked or (0, size)
    data = await have.blobs.get(blob_name(booking_id, row["digest"]), start, end)
    if asked is None:
        return Response(data, media_type=row["media"], headers=headers)
    headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    return Response(data, 206, media_type=row["media"], headers=headers)


@router.delete("/bookings/{booking_id}/comments/{note_id}", status_code=204)
@router.delete("/bookings/{booking_id}/files/{note_id}", status_code=204)
async def delete_note(
    booking_id: UUID, note_id: UUID, caller: Anybody, desk: Front, have: Have, ready: Ready, key: Key = None
) -> None:
    """Takes a comment or a file away: one's own, or any as the host. The bytes are gone as well."""
    row = await _seen(have, booking_id, caller, key)
    notes = {each["note"]: each for each in await have.calendars.notes(booking_id)}
    await desk.submit(DeleteNote(booking_id, note_id, proof_of(key)), str(row["calendar"]), actor_of(caller))
    digest = notes[note_id]["digest"] if note_id in notes else None
    if digest is not None and all(each["digest"] != digest for note, each in notes.items() if note != note_id):
        await have.blobs.delete(blob_name(booking_id, digest))


# Followers.


@router.put("/follows/{user_id}", status_code=204)
async def follow(user_id: UUID, caller: SignedIn, desk: Front, have: Have) -> None:
    """Follows a host: their public meetings are in one's feed."""
    if await have.calendars.calendar(user_id) is None:
        raise not_found("There is no such calendar.")
    await desk.submit(Follow(user_id), str(caller.person), caller.actor)


@router.delete("/follows/{user_id}", status_code=204)
async def unfollow(user_id: UUID, caller: SignedIn, desk: Front) -> None:
    """Follows them no more."""
    await desk.submit(Unfollow(user_id), str(caller.person), caller.actor)


@router.get("/follows")
async def follows(caller: SignedIn, have: Have, ready: Ready) -> dict[str, Any]:
    """Whom the caller follows, and how many follow the caller."""
    who, followers = await asyncio.gather(
        have.calendars.follows(caller.person), have.calendars.followers(caller.person)
    )
    names = await have.people.names(who)
    return {
        "follows": [{"user_id": each, "name": names.get(each, "")} for each in who],
        "followers": len(followers),
    }


@router.get("/feed")
async def feed(caller: SignedIn, have: Have, ready: Ready) -> list[dict[str, Any]]:
    """The public meetings of those whom the caller follows, from a month ago on; nothing of the guests."""
    who = await have.calendars.follows(caller.person)
    rows, names = await asyncio.gather(have.calendars.public(who), have.people.names(who))
    since = datetime.now(UTC) - PAST
    return [
        {
            "booking_id": row["booking"],
            "host": {"user_id": row["calendar"], "name": names.get(row["calendar"], "")},
            "title": row["title"],
            "start": row["start"],
            "minutes": row["minutes"],
            "status": row["status"],
        }
        for row in rows
        if row["start"] >= since and row["status"] in ("confirmed", "cancelled")
    ]


@router.get("/export")
async def export(caller: SignedIn, have: Have, ready: Ready) -> dict[str, Any]:
    """All that scheduling knows of the caller: settings, meetings as host and as guest, comments, polls, follows."""
    now, asked = datetime.now(UTC), have.calendars
    calendars = [row["calendar"] for row in await asked.owned(caller.person)]
    years = timedelta(days=3 * 365)
    hosted = [row for each in calendars for row in await asked.hosted(each, now - years, now + years)]
    booked = await asked.of_guest(caller.person)
    notes = [
        {"booking_id": row["booking"], "text": row["text"], "file": row["name"] if row["digest"] else None}
        for each in {row["booking"]: row for row in (*hosted, *booked)}
        for row in await asked.notes(each)
        if row["author"] == caller.person
    ]
    return {
        "calendars": [{"calendar_id": each, "settings": _settings(await asked.settings(each))} for each in calendars],
        "hosted": [shown(row, is_host=True) for row in hosted],
        "booked": [shown(row, is_host=False) for row in booked],
        "said": notes,
        "polls": [row["poll"] for row in await asked.polls_of(caller.person)],
        "follows": await asked.follows(caller.person),
    }


def _settings(calendar: Calendar | None) -> dict[str, Any]:
    known: dict[str, Any] = msgspec.to_builtins(calendar)
    return {} if calendar is None else {name: known[name] for name in SETTINGS}


SETTINGS = (
    "kind",
    "name",
    "event_types",
    "schedules",
    "holidays",
    "absences",
    "busy",
    "forms",
    "webhooks",
    "connections",
)


async def _seen(have: Services, booking: UUID, caller: Caller | None, key: str | None) -> Row:
    """The booking for its parties; a public one for all who are signed in. 404 for all others."""
    row = await have.calendars.booking(booking)
    if row is not None and row["public"] and caller is not None:
        return row
    return (await booking_of(have, booking, caller, key))[0]


def _check(data: bytes, media: str) -> None:
    if media not in MEDIA:
        raise Problem(415, "media_invalid", f"Attach one of {', '.join(MEDIA)}.")
    if not 1 <= len(data) <= LARGEST:
        raise Problem(413, "too_large", f"Attach a file of 1 to {LARGEST:,} bytes.")
    fits = data.startswith(BEGINNINGS[media]) if media in BEGINNINGS else _is_text(data)
    if not fits or (media == "image/webp" and data[8:12] != b"WEBP"):
        raise Problem(422, "file_invalid", f"This is no {media}.")


def _is_text(data: bytes) -> bool:
    try:
        return "\x00" not in data.decode()
    except UnicodeDecodeError:
        return False


def _range(asked: str | None, size: int) -> tuple[int, int] | None:
    """The first and the one behind the last byte; None where all is wanted, or the header is one we need not know."""
    unit, _, spec = (asked or "").partition("=")
    first, dash, last = spec.partition("-")
    if unit.strip() != "bytes" or not dash or not (first + last).isdecimal() or len(spec) > 30:
        return None
    start = int(first) if first else max(size - int(last), 0)
    end = min(int(last) + 1, size) if first and last else size
    if start >= size or start >= end:
        raise Problem(416, "range_invalid", f"There are {size:,} bytes.", {"Content-Range": f"bytes */{size}"})
    return start, end


def _file(row: Row) -> dict[str, Any]:
    names = ("author", "by_host", "name", "media", "size", "written_at")
    return {"file_id": row["note"], "sha256": row["digest"].hex(), **{name: row[name] for name in names}}


async def _whole(data: bytes) -> AsyncIterator[bytes]:
    yield data
