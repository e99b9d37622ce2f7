"""What happens to somebody who is told things: stored for ever; names and fields are the wire format."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from domain.notice.quiet import Quiet


class Category(StrEnum):
    """What a notice is about, as people choose their channels by it."""

    BOOKINGS = "bookings"
    REMINDERS = "reminders"
    PARKING = "parking"
    WORK = "work"  # for those who work at a car park: incidents
    FOLLOWING = "following"  # of whom one follows: what they make public
    HOUSEKEEPING = "housekeeping"  # of the notices themselves: a webhook that was switched off


class Channel(StrEnum):
    """How a notice gets to somebody."""

    IN_APP = "in_app"  # the list in the console, and the sockets of all devices
    EMAIL = "email"
    WEBHOOK = "webhook"
    PUSH = "push"  # Web Push (RFC 8030)


@dataclass(frozen=True, slots=True)
class Choice:
    """The channels of one category."""

    category: Category
    channels: tuple[Channel, ...]


@dataclass(frozen=True, slots=True)
class Notice:
    """What somebody is told. Its id is made of what it tells, so telling it again is telling it once."""

    notice: UUID
    category: Category
    kind: str  # for programs, such as "booking.moved"
    subject: str = field(metadata={"personal": "aggregate_id"})
    text: str = field(metadata={"personal": "aggregate_id"})
    link: str  # a path of the console
    about: dict[str, str]  # ids of what it is about, by what they are: "booking", "calendar", "lot"
    urgent: bool = False  # comes in quiet hours as well


@dataclass(frozen=True, slots=True)
class Delivery:
    """One way out of the house: whoever sends needs to look up nothing else."""

    channel: Channel
    target: UUID  # the webhook's or the device's id; the person's own for e-mail
    address: str = field(metadata={"personal": "aggregate_id"})  # an e-mail address, or a URL
    keys: str = field(default="", metadata={"personal": "aggregate_id", "secret": True})  # of a device


@dataclass(frozen=True, slots=True)
class PreferencesSet:
    """All of them: a category that is not named gets every channel there is."""

    choices: tuple[Choice, ...]
    quiet: Quiet | None


@dataclass(frozen=True, slots=True)
class EmailGiven:
    """A code is on its way to this address; what comes back proves that it is theirs."""

    address: str = field(metadata={"personal": "aggregate_id"})
    code_hash: bytes = field(metadata={"secret": True})
    until: datetime
    at: datetime


@dataclass(frozen=True, slots=True)
class EmailConfirmed:
    address: str = field(metadata={"personal": "aggregate_id"})


@dataclass(frozen=True, slots=True)
class EmailRemoved:
    pass


@dataclass(frozen=True, slots=True)
class WebhookAdded:
    webhook: UUID
    url: str = field(metadata={"personal": "aggregate_id"})


@dataclass(frozen=True, slots=True)
class WebhookRemoved:
    webhook: UUID


@dataclass(frozen=True, slots=True)
class WebhookDisabled:
    """It has failed too often, or said that it is gone."""

    webhook: UUID
    why: str


@dataclass(frozen=True, slots=True)
class WebhookEnabled:
    webhook: UUID


@dataclass(frozen=True, slots=True)
class DeviceSubscribed:
    """A browser wants pushes: the address and the keys are those of its PushSubscription."""

    device: UUID
    endpoint: str = field(metadata={"personal": "aggregate_id"})
    keys: str = field(metadata={"personal": "aggregate_id", "secret": True})  # p256dh and auth, with a dot between
    session: UUID | None = None  # with whose end it is over; None: of before sessions counted


@dataclass(frozen=True, slots=True)
class DeviceUnsubscribed:
    device: UUID
    why: str  # "unsubscribed", "gone", "signed out"


@dataclass(frozen=True, slots=True)
class Held:
    """It is not time yet: quiet hours, or a notice for later."""

    what: Notice
    until: datetime
    without: tuple[Channel, ...]  # that it will not come by


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """What was held has no meaning any more, or nobody wants it."""

    notice: UUID


@dataclass(frozen=True, slots=True)
class Due:
    """To be told now. In the console it is told by this event itself."""

    what: Notice
    in_app: bool
    deliveries: tuple[Delivery, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class Read:
    notice: UUID


@dataclass(frozen=True, slots=True)
class Delivered:
    """The other side has taken it."""

    notice: UUID
    channel: Channel
    target: UUID
    attempts: int


@dataclass(frozen=True, slots=True)
class Failed:
    """Given up, after so many attempts."""

    notice: UUID
    channel: Channel
    target: UUID
    attempts: int
    why: str


@dataclass(frozen=True, slots=True)
class Cleared:
    """The account is no more: nothing is kept and nobody is told."""


Event = (
    PreferencesSet
    | EmailGiven
    | EmailConfirmed
    | EmailRemoved
    | WebhookAdded
    | WebhookRemoved
    | WebhookDisabled
    | WebhookEnabled
    | DeviceSubscribed
    | DeviceUnsubscribed
    | Held
    | Withdrawn
    | Due
    | Read
    | Delivered
    | Failed
    | Cleared
)
