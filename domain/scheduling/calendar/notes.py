"""The rules of what is said about a booking and laid beside it: comments, files, and whether others may see it."""

from uuid import UUID

from domain.kernel import Context, Reason, Rejected
from domain.scheduling.calendar.bookings import check_host, check_party, known_booking
from domain.scheduling.calendar.commands import AttachFile, Comment, DeleteNote, SetPublic
from domain.scheduling.calendar.events import Commented, Event, FileAttached, NoteDeleted, PublicSet
from domain.scheduling.calendar.state import Booking, Calendar
from domain.scheduling.event_type import check_text
from domain.text import check_line, is_blank

NOTES = 100  # comments and files of a booking
FILES = 10
LARGEST = 10_000_000  # bytes of a file
MEDIA = ("image/png", "image/jpeg", "image/gif", "image/webp", "application/pdf", "text/plain", "text/calendar")


def blob_name(booking: UUID, digest: bytes) -> str:
    """Where a file's bytes lie: named by what they are, under the booking, so that deleting one touches no other's."""
    return f"scheduling/{booking}/{digest.hex()}"


def set_public(calendar: Calendar, command: SetPublic, context: Context) -> list[Event]:
    check_host(calendar, context)
    known = known_booking(calendar, command.booking)
    if known.public == command.public:
        return []
    definition = calendar.event_types.get(known.slug)
    return [PublicSet(command.booking, known.start, command.public, definition.title if definition else "")]


def comment(calendar: Calendar, command: Comment, context: Context) -> list[Event]:
    known = known_booking(calendar, command.booking)
    if known.public and context.actor.kind == "person":
        by_host = calendar.owner is not None and context.actor.is_person(calendar.owner)
    else:
        by_host = check_party(calendar, known, command.proof, context)
    if _is_there(known, command.note):
        return []
    check_line(command.name, "name", 100)
    check_text(command.text, "comment")
    if is_blank(command.text):
        raise Rejected("comment_invalid", "Write something.", Reason.INVALID)
    _check_room(known)
    return [Commented(command.booking, command.note, _author(context), by_host, command.name, command.text)]


def attach_file(calendar: Calendar, command: AttachFile, context: Context) -> list[Event]:
    known = known_booking(calendar, command.booking)
    by_host = check_party(calendar, known, command.proof, context)
    if _is_there(known, command.note):
        return []
    check_line(command.name, "name", 200)
    if command.media not in MEDIA:
        raise Rejected("media_invalid", f"Attach one of {', '.join(MEDIA)}.", Reason.INVALID)
    if not 1 <= command.size <= LARGEST or len(command.digest) != 32:
        raise Rejected("file_invalid", f"Attach a file of 1 to {LARGEST:,} bytes.", Reason.INVALID)
    _check_room(known)
    if sum(each.file for each in known.notes) >= FILES:
        raise Rejected("too_many", f"A booking has at most {FILES} files.")
    return [
        FileAttached(
            command.booking,
            command.note,
            _author(context),
            by_host,
            command.name,
            command.media,
            command.size,
            command.digest,
        )
    ]


def delete_note(calendar: Calendar, command: DeleteNote, context: Context) -> list[Event]:
    known = known_booking(calendar, command.booking)
    note = next((each for each in known.notes if each.note == command.note), None)
    if note is None:
        return []
    author = note.author is not None and context.actor.is_person(note.author)
    if not author:
        by_host = check_party(calendar, known, command.proof, context)
        if not (by_host or (note.author is None and not note.by_host)):
            raise Rejected("not_yours", "Only who wrote it, or the host, can take it away.", Reason.FORBIDDEN)
    return [NoteDeleted(command.booking, command.note)]


def _author(context: Context) -> UUID | None:
    return context.actor.person if context.actor.kind == "person" else None


def _is_there(known: Booking, note: UUID) -> bool:
    return any(each.note == note for each in known.notes)


def _check_room(known: Booking) -> None:
    if len(known.notes) >= NOTES:
        raise Rejected("too_many", f"A booking has at most {NOTES} comments and files.")
