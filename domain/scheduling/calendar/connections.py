"""The rules of calendars that somebody keeps elsewhere: busy times come in from there, and bookings go out."""

from uuid import UUID

from domain.kernel import Context, Reason, Rejected
from domain.scheduling.calendar.commands import ConnectCalendar, FailConnection, NoteConnected, SyncConnected
from domain.scheduling.calendar.events import (
    Busy,
    BusyDropped,
    BusySynced,
    Connected,
    ConnectionAsked,
    ConnectionFailed,
    Disconnected,
    Event,
)
from domain.scheduling.calendar.state import Calendar
from domain.scheduling.zones import zone
from domain.text import check_line

PROVIDERS = ("google", "outlook")
MOST = 5
CODE = 4_096  # letters


def connect(calendar: Calendar, command: ConnectCalendar, context: Context) -> list[Event]:
    """Whether the other side takes the code is said later, by the one who asks it."""
    if command.connection in calendar.connections:
        return []
    if command.provider not in PROVIDERS:
        raise Rejected("provider_unknown", f"Choose one of {', '.join(PROVIDERS)}.", Reason.INVALID)
    check_line(command.remote, "calendar", 500)
    zone(command.zone)
    if not 1 <= len(command.code) <= CODE:
        raise Rejected("code_invalid", "Begin the connection again.", Reason.INVALID)
    if len(calendar.connections) >= MOST:
        raise Rejected("too_many", f"A calendar is connected with at most {MOST} others. Remove one first.")
    asked = (command.connection, command.provider, command.remote, command.writes, command.zone)
    return [ConnectionAsked(*asked, context.actor.person, command.code)]


def disconnect(calendar: Calendar, connection: UUID) -> list[Event]:
    """Its busy times go with it."""
    known = calendar.connections.get(connection)
    if known is None:
        return []
    source = source_of(known.provider, connection)
    return [Disconnected(connection), *([BusyDropped(source)] if source in calendar.busy else [])]


def note_connected(calendar: Calendar, command: NoteConnected) -> list[Event]:
    known = calendar.connections.get(command.connection)
    return [] if known is None or known.on else [Connected(command.connection)]


def fail_connection(calendar: Calendar, command: FailConnection) -> list[Event]:
    known = calendar.connections.get(command.connection)
    if known is None or known.why or calendar.owner is None:
        return []
    return [ConnectionFailed(command.connection, command.why or "refused", calendar.owner)]


def sync_connected(calendar: Calendar, command: SyncConnected, kept: tuple[Busy, ...]) -> list[Event]:
    known = calendar.connections.get(command.connection)
    if known is None:
        return []
    source = source_of(known.provider, command.connection)
    return [] if calendar.busy.get(source, ()) == kept else [BusySynced(source, kept)]


def source_of(provider: str, connection: UUID) -> str:
    """What a connection's busy times are called among those of other calendars."""
    return f"{provider}-{connection.hex[-12:]}"
