"""Whom a person follows: their public meetings are in the person's feed."""

from dataclasses import dataclass, replace
from uuid import UUID

from domain.kernel import Context, Reason, Rejected

MOST = 500


# Events.


@dataclass(frozen=True, slots=True)
class Followed:
    who: UUID


@dataclass(frozen=True, slots=True)
class Unfollowed:
    who: UUID


Event = Followed | Unfollowed


# Commands.


@dataclass(frozen=True, slots=True)
class Follow:
    who: UUID


@dataclass(frozen=True, slots=True)
class Unfollow:
    who: UUID


@dataclass(frozen=True, slots=True)
class EndFollows:
    """By the system: the person wants nothing kept of them."""


@dataclass(frozen=True, slots=True)
class EndFollow:
    """By the system: who is followed wants nothing kept of them."""

    who: UUID


Command = Follow | Unfollow | EndFollows | EndFollow


# State.


@dataclass(frozen=True, slots=True)
class Follower:
    follows: tuple[UUID, ...] = ()


INITIAL = Follower()


def evolve(follower: Follower, event: Event) -> Follower:
    match event:
        case Followed(who=who):
            return replace(follower, follows=(*follower.follows, who))
        case Unfollowed(who=who):
            return replace(follower, follows=tuple(each for each in follower.follows if each != who))


def decide(follower: Follower, command: Command, context: Context) -> list[Event]:
    match command:
        case EndFollows() | EndFollow() if not context.actor.is_system:
            raise Rejected("not_yours", "Only Septet itself does this.", Reason.FORBIDDEN)
        case EndFollows():
            return [Unfollowed(each) for each in follower.follows]
        case EndFollow(who=who):
            return [Unfollowed(who)] if who in follower.follows else []
    if context.actor.kind != "person" or context.actor.name != context.aggregate_id:
        raise Rejected("not_yours", "You can follow others only in your own name.", Reason.FORBIDDEN)
    match command:
        case Follow(who=who):
            if who == context.actor.person:
                raise Rejected("follow_invalid", "Nobody follows themselves.", Reason.INVALID)
            if who not in follower.follows and len(follower.follows) >= MOST:
                raise Rejected("too_many", f"Follow at most {MOST} people.")
            return [] if who in follower.follows else [Followed(who)]
        case Unfollow(who=who):
            return [Unfollowed(who)] if who in follower.follows else []
