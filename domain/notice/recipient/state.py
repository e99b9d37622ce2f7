"""What decisions need to know of somebody: what they want to be told by, what waits, what is on its way."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from domain.notice.quiet import Quiet
from domain.notice.recipient.events import (
    Channel,
    Cleared,
    Delivered,
    DeviceSubscribed,
    DeviceUnsubscribed,
    Due,
    EmailConfirmed,
    EmailGiven,
    EmailRemoved,
    Event,
    Failed,
    Held,
    Notice,
    PreferencesSet,
    Read,
    WebhookAdded,
    WebhookDisabled,
    WebhookEnabled,
    WebhookRemoved,
    Withdrawn,
)

UNREAD, RECENT, UNDER_WAY = 500, 500, 500  # the latest of each; an older notice counts as read, told and delivered
CODES = 5  # an hour, to whatever address


@dataclass(frozen=True, slots=True)
class Given:
    """An address that is not proven yet."""

    address: str = field(metadata={"personal": "aggregate_id"})
    code_hash: bytes = field(metadata={"secret": True})
    until: datetime


@dataclass(frozen=True, slots=True)
class Webhook:
    url: str = field(metadata={"personal": "aggregate_id"})
    failures: int = 0  # one after the other
    disabled: bool = False


@dataclass(frozen=True, slots=True)
class Device:
    endpoint: str = field(metadata={"personal": "aggregate_id"})
    keys: str = field(metadata={"personal": "aggregate_id", "secret": True})
    session: UUID | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    what: Notice
    until: datetime
    without: tuple[Channel, ...]


@dataclass(frozen=True, slots=True)
class Recipient:
    choices: dict[str, tuple[Channel, ...]] = field(default_factory=dict)  # by category
    quiet: Quiet | None = None
    email: str = field(default="", metadata={"personal": "aggregate_id"})  # proven; "": none
    given: Given | None = None
    codes: tuple[datetime, ...] = ()  # when the latest were sent
    webhooks: dict[UUID, Webhook] = field(default_factory=dict)
    devices: dict[UUID, Device] = field(default_factory=dict)
    held: dict[UUID, Waiting] = field(default_factory=dict)
    told: tuple[UUID, ...] = ()
    unread: tuple[UUID, ...] = ()
    under_way: tuple[str, ...] = ()  # "<notice>/<channel>/<target>"
    closed: bool = False


INITIAL = Recipient()


def way(notice: UUID, channel: Channel, target: UUID) -> str:
    """What a delivery is known by, for ever."""
    return f"{notice}/{channel}/{target}"


def evolve(recipient: Recipient, event: Event) -> Recipient:
    match event:
        case PreferencesSet(choices=choices, quiet=quiet):
            return replace(recipient, choices={each.category.value: each.channels for each in choices}, quiet=quiet)
        case EmailGiven(address=address, code_hash=code_hash, until=until, at=at):
            return replace(recipient, given=Given(address, code_hash, until), codes=(*recipient.codes, at)[-CODES:])
        case EmailConfirmed(address=address):
            return replace(recipient, email=address, given=None)
        case EmailRemoved():
            return replace(recipient, email="", given=None)
        case WebhookAdded(webhook=id, url=url):
            return replace(recipient, webhooks={**recipient.webhooks, id: Webhook(url)})
        case WebhookRemoved(webhook=id):
            return replace(recipient, webhooks={k: v for k, v in recipient.webhooks.items() if k != id})
        case WebhookDisabled(webhook=id):
            return _webhook(recipient, id, disabled=True)
        case WebhookEnabled(webhook=id):
            return _webhook(recipient, id, disabled=False, failures=0)
        case DeviceSubscribed(device=id, endpoint=endpoint, keys=keys, session=session):
            return replace(recipient, devices={**recipient.devices, id: Device(endpoint, keys, session)})
        case DeviceUnsubscribed(device=id):
            return replace(recipient, devices={k: v for k, v in recipient.devices.items() if k != id})
        case Held(what=notice, until=until, without=without):
            told = recipient.told if notice.notice in recipient.told else (*recipient.told, notice.notice)[-RECENT:]
            return replace(
                recipient, held={**recipient.held, notice.notice: Waiting(notice, until, without)}, told=told
            )
        case Withdrawn(notice=id):
            return replace(recipient, held={k: v for k, v in recipient.held.items() if k != id})
        case Due(what=notice, in_app=in_app, deliveries=deliveries):
            own = notice.notice
            ways = tuple(way(own, each.channel, each.target) for each in deliveries)
            return replace(
                recipient,
                held={k: v for k, v in recipient.held.items() if k != own},
                told=recipient.told if own in recipient.told else (*recipient.told, own)[-RECENT:],
                unread=(*recipient.unread, own)[-UNREAD:] if in_app else recipient.unread,
                under_way=(*recipient.under_way, *ways)[-UNDER_WAY:],
            )
        case Read(notice=id):
            return replace(recipient, unread=tuple(each for each in recipient.unread if each != id))
        case Delivered(notice=id, channel=channel, target=target):
            arrived = _arrived(recipient, way(id, channel, target))
            return _webhook(arrived, target, failures=0) if channel is Channel.WEBHOOK else arrived
        case Failed(notice=id, channel=channel, target=target):
            arrived = _arrived(recipient, way(id, channel, target))
            if channel is not Channel.WEBHOOK or target not in arrived.webhooks:
                return arrived
            return _webhook(arrived, target, failures=arrived.webhooks[target].failures + 1)
        case Cleared():
            return Recipient(closed=True)


def _webhook(recipient: Recipient, webhook: UUID, **changes: object) -> Recipient:
    """The same where it was removed meanwhile."""
    if webhook not in recipient.webhooks:
        return recipient
    changed = replace(recipient.webhooks[webhook], **changes)  # type: ignore[arg-type]
    return replace(recipient, webhooks={**recipient.webhooks, webhook: changed})


def _arrived(recipient: Recipient, way: str) -> Recipient:
    return replace(recipient, under_way=tuple(each for each in recipient.under_way if each != way))
