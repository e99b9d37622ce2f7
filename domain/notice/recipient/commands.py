"""What can be asked of somebody's notices."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from domain.notice.quiet import Quiet
from domain.notice.recipient.events import Category, Channel, Choice, Notice

# By the person.


@dataclass(frozen=True, slots=True)
class SetPreferences:
    choices: tuple[Choice, ...]
    quiet: Quiet | None


@dataclass(frozen=True, slots=True)
class GiveEmail:
    address: str = field(metadata={"personal": "aggregate_id"})
    code_hash: bytes = field(metadata={"secret": True})


@dataclass(frozen=True, slots=True)
class ConfirmEmail:
    code_hash: bytes = field(metadata={"secret": True})


@dataclass(frozen=True, slots=True)
class RemoveEmail:
    pass


@dataclass(frozen=True, slots=True)
class AddWebhook:
    webhook: UUID
    url: str = field(metadata={"personal": "aggregate_id"})


@dataclass(frozen=True, slots=True)
class RemoveWebhook:
    webhook: UUID


@dataclass(frozen=True, slots=True)
class EnableWebhook:
    """After it was switched off."""

    webhook: UUID


@dataclass(frozen=True, slots=True)
class PingWebhook:
    """Sends a notice to this webhook alone, to try it. `ping` is a new id."""

    webhook: UUID
    ping: UUID


@dataclass(frozen=True, slots=True)
class SubscribeDevice:
    device: UUID
    endpoint: str = field(metadata={"personal": "aggregate_id"})
    keys: str = field(metadata={"personal": "aggregate_id", "secret": True})
    session: UUID | None = None  # in which it was asked for


@dataclass(frozen=True, slots=True)
class UnsubscribeDevice:
    device: UUID


@dataclass(frozen=True, slots=True)
class MarkRead:
    """`notice`: None for all there are."""

    notice: UUID | None = None


# By the system.


@dataclass(frozen=True, slots=True)
class Tell:
    """Tells somebody something, once; not before an instant, where there is one."""

    what: Notice
    not_before: datetime | None = None
    without: tuple[Channel, ...] = ()  # that it comes by anyway, or has no place in


@dataclass(frozen=True, slots=True)
class Withdraw:
    """What was to be told later has no meaning any more."""

    notice: UUID


@dataclass(frozen=True, slots=True)
class Release:
    """A deadline: what was held until then is told now. Stale where it is held until another time, or not at all."""

    notice: UUID
    until: datetime


@dataclass(frozen=True, slots=True)
class NoteDelivered:
    notice: UUID
    channel: Channel
    target: UUID
    attempts: int


@dataclass(frozen=True, slots=True)
class NoteFailed:
    """Whoever sends has given up; `gone`: the other side says that there is nobody any more."""

    notice: UUID
    channel: Channel
    target: UUID
    attempts: int
    why: str
    gone: bool


@dataclass(frozen=True, slots=True)
class EndPushes:
    """A session is over: who sits at its device may be somebody else now."""

    session: UUID


@dataclass(frozen=True, slots=True)
class StopMails:
    """Whoever reads a mail wants none of its category any more: the link in it needs no sign-in."""

    category: Category


@dataclass(frozen=True, slots=True)
class Clear:
    """The account has ended."""


ByPerson = (
    SetPreferences
    | GiveEmail
    | ConfirmEmail
    | RemoveEmail
    | AddWebhook
    | RemoveWebhook
    | EnableWebhook
    | PingWebhook
    | SubscribeDevice
    | UnsubscribeDevice
    | MarkRead
)
BySystem = Tell | Withdraw | Release | NoteDelivered | NoteFailed | EndPushes | StopMails | Clear
Command = ByPerson | BySystem
