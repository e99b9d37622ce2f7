"""What histories of recipients and invitations are made of, beside chance."""

from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from domain.kernel import Actor, Message
from domain.notice.invitation import Announce, Change, Meeting, Open, SetFurther, StopReminders, reader
from domain.notice.quiet import Quiet
from domain.notice.recipient import (
    AddWebhook,
    Category,
    Channel,
    Choice,
    GiveEmail,
    NoteFailed,
    Notice,
    Release,
    SetPreferences,
    SubscribeDevice,
    Tell,
)
from tests.scenario import ANN, BOB, CID, NOON, SYSTEM

PEOPLE = (ANN, BOB, CID)
KEYS = f"{'k' * 87}.{'a' * 22}"
HOOK, ENDPOINT = "https://example.org/hook", "https://push.example.org/1"
HASH = b"1" * 32
BY_ANN = Actor("person", str(ANN))
LATER = NOON + timedelta(days=1)
INTRO = Meeting("Introduction", LATER, 30, "Europe/Berlin", "Room 1", 0)


def notice(number: int = 1, **more: Any) -> Notice:
    """Something to tell."""
    fields = {
        "notice": UUID(int=number),
        "category": Category.BOOKINGS,
        "kind": "booking.booked",
        "subject": "Booked: Introduction",
        "text": "2 March, 13:00",
        "link": "/ui/scheduling",
        "about": {"booking": str(BOB)},
    }
    return Notice(**{**fields, **more})


SENSIBLE: dict[str, object] = {
    "address": "ann@example.org",
    "url": HOOK,
    "endpoint": ENDPOINT,
    "keys": KEYS,
    "code_hash": HASH,
    "attempts": 3,
    "zone": "Europe/Berlin",
    "title": "Introduction",
    "further": ("dan@example.org",),
    "minutes": 30,
    "gone": True,
}
RECIPIENT: tuple[tuple[Message, Actor], ...] = (
    (AddWebhook(BOB, HOOK), BY_ANN),
    (SubscribeDevice(CID, ENDPOINT, KEYS), BY_ANN),
    (Tell(notice(notice=ANN)), SYSTEM),
    (GiveEmail("ann@example.org", HASH), BY_ANN),
)
INVITATION: tuple[tuple[Message, Actor], ...] = ((Open(ANN, BOB, INTRO, "guest@example.org", ()), SYSTEM),)


def _quiet(now: datetime, chance: Random) -> Quiet:
    return Quiet("UTC", (now.hour * 60 + chance.choice((0, 600))) % 1440, (now.hour * 60 + 720) % 1440)


EXAMPLES: dict[type, Callable[[datetime, Random], object]] = {
    Notice: lambda now, chance: notice(notice=chance.choice(PEOPLE), urgent=chance.random() < 0.3),
    Quiet: _quiet,
    SetPreferences: lambda now, chance: SetPreferences(
        (Choice(Category.BOOKINGS, chance.choice((tuple(Channel), (Channel.EMAIL,)))),),
        chance.choice((None, _quiet(now, chance))),
    ),
    NoteFailed: lambda now, chance: NoteFailed(
        chance.choice(PEOPLE), *chance.choice(((Channel.WEBHOOK, BOB), (Channel.PUSH, CID))), 3, "500", gone=True
    ),
    Tell: lambda now, chance: Tell(
        notice(notice=chance.choice(PEOPLE)), chance.choice((None, LATER)), chance.choice(((), tuple(Channel)[1:]))
    ),
    Release: lambda now, chance: Release(chance.choice(PEOPLE), LATER),
    Meeting: lambda now, chance: INTRO,
    Announce: lambda now, chance: Announce(chance.choice(list(Change)), INTRO.start, chance.choice((0, 1, 2))),
    StopReminders: lambda now, chance: StopReminders(reader(str(ANN), "guest@example.org")),
    SetFurther: lambda now, chance: SetFurther(BOB, chance.choice(((), ("dan@example.org",), ("eve@example.org",)))),
}
