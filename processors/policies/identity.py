"""What follows from events of people's accounts: claims are confirmed or given back, sessions end in time."""

from uuid import UUID

from domain.chat.contacts import ClearContacts
from domain.identity.claim import Claimed, Confirm, Expire, Release
from domain.identity.person import (
    ExpireSession,
    Forgotten,
    PhoneChanged,
    Registered,
    Renamed,
    SessionOpened,
    SessionRefreshed,
)
from processors.policies.rules import Rules, Then
from schemas.envelope import Recorded


def claimed(event: Claimed, at: Recorded) -> list[Then]:
    """A name that nobody registers with is free again when its hold is over, and is seen to be."""
    return [] if event.held_until is None else [Then(Expire(event.owner), at.aggregate_id, due=event.held_until)]


def registered(event: Registered, at: Recorded) -> list[Then]:
    owner = UUID(at.aggregate_id)
    return [Then(Confirm(owner), event.name_claim), Then(Confirm(owner), event.phone_claim)]


def renamed(event: Renamed, at: Recorded) -> list[Then]:
    return _moved(UUID(at.aggregate_id), event.name_claim, event.old_name_claim)


def phone_changed(event: PhoneChanged, at: Recorded) -> list[Then]:
    return _moved(UUID(at.aggregate_id), event.phone_claim, event.old_phone_claim)


def session_opened(event: SessionOpened, at: Recorded) -> list[Then]:
    return [Then(ExpireSession(event.session, event.expires_at), at.aggregate_id, due=event.expires_at)]


def session_refreshed(event: SessionRefreshed, at: Recorded) -> list[Then]:
    return [Then(ExpireSession(event.session, event.expires_at), at.aggregate_id, due=event.expires_at)]


def forgotten(event: Forgotten, at: Recorded) -> list[Then]:
    """Name and number are free again, and what other systems keep of the person's own is cleared."""
    owner = UUID(at.aggregate_id)
    return [
        Then(Release(owner), event.name_claim),
        Then(Release(owner), event.phone_claim),
        Then(ClearContacts(), at.aggregate_id),
    ]


def _moved(owner: UUID, new: str, old: str) -> list[Then]:
    return [] if new == old else [Then(Confirm(owner), new), Then(Release(owner), old)]


RULES: Rules = {
    Claimed: claimed,
    Registered: registered,
    Renamed: renamed,
    PhoneChanged: phone_changed,
    SessionOpened: session_opened,
    SessionRefreshed: session_refreshed,
    Forgotten: forgotten,
}
