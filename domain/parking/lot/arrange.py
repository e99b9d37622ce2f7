"""The rules of a lot's own arrangement: who runs it, its levels and spaces, hours, terms and tariffs."""

from uuid import UUID

from domain.ids import check_uuid
from domain.kernel import Context, Reason, Rejected
from domain.parking.guidance import check_plan
from domain.parking.lot.commands import (
    ChangeHours,
    ChangeLayout,
    ChangeTerms,
    CloseSpace,
    DrawPlan,
    OpenLot,
    PublishTariff,
)
from domain.parking.lot.events import (
    Event,
    HoursChanged,
    LayoutChanged,
    LotOpened,
    PlanDrawn,
    SpaceClosed,
    SpaceReopened,
    Stage,
    TariffPublished,
    TermsChanged,
)
from domain.parking.lot.state import Lot, evolve, length, tariff_of
from domain.parking.stock import FITS, NAMED
from domain.parking.tariff import DAY, check_tariff, is_zone
from domain.text import check_line

NAME, ADDRESS, REASON = 100, 200, 200  # code points
SPACES = 5_000
LEVELS = 50
OPENINGS = 50
SPECIAL = 200  # dates with hours of their own
STAFF = 200
LONGEST = 400 * 86_400 * 1_000_000  # microseconds of any term
CLASSES = frozenset(pool for pools in FITS.values() for pool in pools)


def open_lot(lot: Lot, command: OpenLot, context: Context) -> list[Event]:
    owner = context.actor.person
    check_uuid(context.aggregate_id)
    check_line(command.name, "name", NAME)
    check_line(command.address, "address", ADDRESS)
    if not is_zone(command.zone):
        raise Rejected("zone_invalid", "Give a time zone such as Europe/Berlin.", Reason.INVALID)
    if not (-90 <= command.latitude <= 90 and -180 <= command.longitude <= 180):
        raise Rejected("location_invalid", "Give a latitude and a longitude in degrees.", Reason.INVALID)
    if lot.owner is not None:
        raise Rejected("lot_exists", "This car park was opened before.")
    place = (command.latitude, command.longitude, command.address)
    return [LotOpened(owner, command.name, command.zone, *place)]


def change_layout(lot: Lot, command: ChangeLayout) -> list[Event]:
    levels, names = {each.name for each in command.levels}, {each.name for each in command.spaces}
    if not (len(levels) == len(command.levels) <= LEVELS and 0 < len(names) == len(command.spaces) <= SPACES):
        raise Rejected(
            "layout_invalid",
            f"Give each level and space once, {SPACES:,} spaces at most, one at least.",
            Reason.INVALID,
        )
    for name in (*levels, *names):
        check_line(name, "name", NAME)
    for each in command.spaces:
        if each.level not in levels or each.pool not in CLASSES | {NAMED + each.name}:
            raise Rejected("layout_invalid", f"Space {each.name} has no such level or class.", Reason.INVALID)
        if min(each.length, each.width) < 0 or len(each.zone) > NAME:
            raise Rejected("layout_invalid", f"Space {each.name} has a size or zone that cannot be.", Reason.INVALID)
    if any(not 0 <= each.clearance <= 10_000 for each in command.levels):
        raise Rejected("layout_invalid", "A clearance is in centimetres.", Reason.INVALID)
    changed = LayoutChanged(command.levels, command.spaces)
    pools = {each.name: each.pool for each in command.spaces}
    for claim in lot.claims.values():
        if claim.stage is Stage.PRESENT and claim.space and pools.get(claim.space) != claim.pool:
            raise Rejected("space_occupied", f"Space {claim.space} is occupied: it cannot go or change its class.")
    open_now = [pool for name, pool in pools.items() if name not in lot.closed]
    for pool, inside in _present(lot).items():
        if open_now.count(pool) < inside:
            raise Rejected("space_occupied", "More vehicles are in than there would be spaces.")
    after = evolve(lot, changed)
    return [] if (after.spaces, after.clearance) == (lot.spaces, lot.clearance) else [changed]


def draw_plan(lot: Lot, command: DrawPlan) -> list[Event]:
    check_plan(command.plan, lot.spaces)
    return [] if lot.plan == command.plan.mark() else [PlanDrawn(command.plan)]


def change_hours(lot: Lot, command: ChangeHours) -> list[Event]:
    valid = all(0 <= each.day < 7 and 0 <= each.start < DAY and 0 <= each.end <= DAY for each in command.hours)
    if not valid or len(command.hours) > OPENINGS or any(each.start == each.end for each in command.hours):
        raise Rejected("hours_invalid", "Give days from 0 (Monday) to 6, and minutes of the day.", Reason.INVALID)
    if len(command.exceptions) > SPECIAL or not all(
        0 <= each.start < DAY and 0 <= each.end <= DAY for each in command.exceptions
    ):
        raise Rejected("hours_invalid", f"Give up to {SPECIAL} dates, and minutes of the day.", Reason.INVALID)
    if (command.hours, command.exceptions) == (lot.hours, lot.exceptions):
        return []
    return [HoursChanged(command.hours, command.exceptions)]


def change_terms(lot: Lot, command: ChangeTerms) -> list[Event]:
    terms = command.terms
    lengths = [terms.change_until, terms.cancel_until, terms.early_start, terms.noshow_timeout, terms.late_stop]
    needed = [terms.suggestion, terms.hold, terms.walk_in, terms.overstay, terms.ahead, terms.longest]
    fees = (terms.noshow_fee, terms.compensation, terms.card_ceiling)
    if not (
        all(0 <= length(each) <= LONGEST for each in (*lengths, terms.pay_by))
        and all(1_000_000 <= length(each) <= LONGEST for each in needed)
        and all(0 <= each <= 10**9 for each in fees)
    ):
        raise Rejected("terms_invalid", "The terms hold a time or a fee that cannot be.", Reason.INVALID)
    return [] if terms == lot.terms else [TermsChanged(terms)]


def publish_tariff(lot: Lot, command: PublishTariff) -> list[Event]:
    check_tariff(command.tariff)
    if lot.tariff and tariff_of(lot, lot.tariff) == command.tariff:
        return []
    return [TariffPublished(lot.tariff + 1, command.tariff)]


def close_space(lot: Lot, command: CloseSpace) -> list[Event]:
    check_line(command.reason, "reason", REASON)
    space = lot.spaces.get(command.space)
    if space is None:
        raise _no_space()
    if command.space in lot.closed:
        return []
    inside = [each.space for each in lot.claims.values() if each.stage is Stage.PRESENT and each.pool == space.pool]
    if command.space in inside or len(inside) >= lot.capacity[space.pool]:
        raise Rejected("space_occupied", "A vehicle is in this space, as far as is known.")
    return [SpaceClosed(command.space, space.pool, command.reason)]


def reopen_space(lot: Lot, name: str) -> list[Event]:
    space = lot.spaces.get(name)
    if space is None:
        raise _no_space()
    return [SpaceReopened(name, space.pool)] if name in lot.closed else []


def check_owner(lot: Lot, person: UUID | None) -> None:
    if lot.owner is None or person != lot.owner:
        raise Rejected("not_the_owner", "Only who runs this car park can do this.", Reason.FORBIDDEN)


def check_room_for_staff(lot: Lot) -> None:
    if len(lot.staff) >= STAFF:
        raise Rejected("too_many_staff", f"A car park has at most {STAFF} people at work.")


def _present(lot: Lot) -> dict[str, int]:
    found: dict[str, int] = {}
    for each in lot.claims.values():
        if each.stage is Stage.PRESENT:
            found[each.pool] = found.get(each.pool, 0) + 1
    return found


def _no_space() -> Rejected:
    return Rejected("space_unknown", "There is no such space.", Reason.NOT_FOUND)
