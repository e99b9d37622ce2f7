"""Lots, what is taken of them, reservations, tickets and the diary: one read model, written event by event."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from domain.instants import micros
from domain.parking.driver import FavouriteAdded, FavouriteRemoved, VehicleAdded, VehicleRemoved
from domain.parking.lot import (
    Cancelled,
    CardAsked,
    CardAuthorised,
    CardCharged,
    Changed,
    Confirmed,
    CountCorrected,
    Entered,
    Exited,
    Held,
    HoursChanged,
    IncidentClosed,
    IncidentReported,
    Lapse,
    Lapsed,
    LayoutChanged,
    LotOpened,
    Observed,
    Overstayed,
    Paid,
    PaymentAsked,
    PaymentFailed,
    PlanDrawn,
    PlateUnwatched,
    PlateWatched,
    Rehomed,
    SpaceClosed,
    SpaceReopened,
    SpaceSuggested,
    Span,
    StaffAdded,
    StaffRemoved,
    Stage,
    Status,
    TariffPublished,
    TermsChanged,
    TicketClosed,
    TicketLost,
    Validated,
)
from infra.tables import Put, Write
from projections.parking.tables import (
    ALL,
    BUCKET,
    DIARY,
    FAVOURITES,
    INCIDENTS,
    INSIDE,
    LISTED,
    LOTS,
    MINE,
    OBSERVATIONS,
    OCCUPANCY,
    PAYMENTS,
    PLANS,
    RESERVATIONS,
    SHELF,
    SLOT,
    SPACES,
    STAFF,
    SUGGESTED,
    TAKEN,
    TARIFFS,
    TICKET_PLATES,
    TICKETS,
    VALIDATIONS,
    VEHICLES,
    WATCHED,
    WORKPLACES,
)
from projections.projection import Projection, Writes
from schemas.envelope import Recorded

parking = Projection("parking", version=3, systems=["parking"], tables=ALL)


# The lot itself.


@parking.on(LotOpened)
def lot_opened(event: LotOpened, at: Recorded) -> Writes:
    lot = _lot(at)
    return [
        _seen(
            at,
            owner=event.owner,
            name=event.name,
            zone=event.zone,
            latitude=event.latitude,
            longitude=event.longitude,
            address=event.address,
        ),
        LISTED.put(at.micros, shelf=SHELF, lot=lot, name=event.name),
        WORKPLACES.put(at.micros, person=event.owner, lot=lot, role="owner"),
    ]


@parking.on(LayoutChanged)
def layout_changed(event: LayoutChanged, at: Recorded) -> Writes:
    return [_seen(at, levels=_json(event.levels), spaces=_json(event.spaces)), _noted(at, "layout changed", "")]


@parking.on(PlanDrawn)
def plan_drawn(event: PlanDrawn, at: Recorded) -> Writes:
    plan = PLANS.put(at.micros, lot=_lot(at), plan=_json(event.plan))
    return [_seen(at), plan, _noted(at, "plan drawn", "")]


@parking.on(HoursChanged)
def hours_changed(event: HoursChanged, at: Recorded) -> Writes:
    return [_seen(at, hours=_json(event.hours), exceptions=_json(event.exceptions)), _noted(at, "hours changed", "")]


@parking.on(TermsChanged)
def terms_changed(event: TermsChanged, at: Recorded) -> Writes:
    return [_seen(at, terms=_json(event.terms)), _noted(at, "terms changed", "")]


@parking.on(TariffPublished)
def tariff_published(event: TariffPublished, at: Recorded) -> Writes:
    tariff, version = _json(event.tariff), event.version
    return [
        _seen(at, tariff=tariff, tariff_version=version),
        TARIFFS.put(at.micros, lot=_lot(at), version=version, tariff=tariff),
        _noted(at, "tariff published", str(version)),
    ]


@parking.on(StaffAdded)
def staff_added(event: StaffAdded, at: Recorded) -> Writes:
    return [
        _seen(at),
        STAFF.put(at.micros, lot=_lot(at), person=event.person, since=at.time),
        WORKPLACES.put(at.micros, person=event.person, lot=_lot(at), role="staff"),
        _noted(at, "staff added", str(event.person)),
    ]


@parking.on(StaffRemoved)
def staff_removed(event: StaffRemoved, at: Recorded) -> Writes:
    return [
        _seen(at),
        STAFF.remove(at.micros, lot=_lot(at), person=event.person),
        WORKPLACES.remove(at.micros, person=event.person, lot=_lot(at)),
        _noted(at, "staff removed", str(event.person)),
    ]


@parking.on(SpaceClosed)
def space_closed(event: SpaceClosed, at: Recorded) -> Writes:
    return [
        _seen(at),
        SPACES.put(at.micros, lot=_lot(at), space=event.space, closed=True, reason=event.reason),
        _noted(at, "space closed", event.space, event.reason),
    ]


@parking.on(SpaceReopened)
def space_reopened(event: SpaceReopened, at: Recorded) -> Writes:
    return [
        _seen(at),
        SPACES.put(at.micros, lot=_lot(at), space=event.space, closed=False, reason=""),
        _noted(at, "space reopened", event.space),
    ]


# Promises.


@parking.on(Held)
def held(event: Held, at: Recorded) -> Writes:
    return [
        _seen(at),
        _reservation(
            event.reservation,
            at,
            lot=_lot(at),
            holder=event.holder,
            status=Status.PENDING.value,
            vehicle=event.vehicle.value,
            plate=event.plate,
            pool=event.taken.pool,
            start=event.start,
            stop=event.end,
            price=event.price,
            currency=event.currency,
            tariff_version=event.tariff_version,
            expires=event.expires,
            made_at=at.time,
        ),
        MINE.put(at.micros, person=event.holder, made=at.micros, reservation=event.reservation, lot=_lot(at)),
        *_taken(at, event.reservation, event.taken, stage=Stage.HELD.value, due=micros(event.expires)),
    ]


@parking.on(Confirmed)
def confirmed(event: Confirmed, at: Recorded) -> Writes:
    due, stage = micros(event.noshow_at), Stage.CONFIRMED.value
    return [
        _seen(at),
        _reservation(event.reservation, at, status=Status.RESERVED.value),
        *_taken(at, event.reservation, event.taken, stage=stage, due=due),
    ]


@parking.on(Changed)
def changed(event: Changed, at: Recorded) -> Writes:
    due, which = micros(event.due), event.reservation
    return [
        _seen(at),
        _reservation(which, at, start=event.start, stop=event.end, price=event.price, pool=event.taken.pool),
        TICKETS.put(at.micros, ticket=which, until=event.end, grace=event.taken.end),
        *_moved(at, which, event.freed, event.taken, stage=event.stage.value, due=due),
    ]


@parking.on(Cancelled)
def cancelled(event: Cancelled, at: Recorded) -> Writes:
    return [
        _seen(at),
        _reservation(event.reservation, at, status=Status.CANCELED.value, fee=event.fee),
        *_freed(at, event.reservation, event.freed),
    ]


@parking.on(Lapsed)
def lapsed(event: Lapsed, at: Recorded) -> Writes:
    status = {Lapse.NO_SHOW: Status.NO_SHOW, Lapse.EXPIRED: Status.REJECTED, Lapse.DISPLACED: Status.CANCELED}
    why, fee, owed = event.why.value, event.fee, event.compensation
    ended = {"status": status[event.why].value, "why": why, "fee": fee, "compensation": owed}
    said = [] if event.why is Lapse.EXPIRED else [_noted(at, why.replace("_", " "), str(event.reservation))]
    return [
        _seen(at),
        _reservation(event.reservation, at, **ended),
        *_freed(at, event.reservation, event.freed),
        *said,
    ]


@parking.on(Rehomed)
def rehomed(event: Rehomed, at: Recorded) -> Writes:
    return [
        _seen(at),
        _reservation(event.reservation, at, pool=event.taken.pool),
        *_taken(at, event.reservation, event.taken),
        _noted(at, "rehomed", str(event.reservation), event.taken.pool),
    ]


@parking.on(SpaceSuggested)
def space_suggested(event: SpaceSuggested, at: Recorded) -> Writes:
    which, stage = event.reservation, Stage.CONFIRMED.value
    return [
        _seen(at),
        _reservation(which, at, suggested=event.space, suggested_until=event.until),
        SUGGESTED.put(at.micros, lot=_lot(at), space=event.space, reservation=which, until=event.until),
        *_moved(at, which, event.freed, event.taken, stage=stage, due=micros(event.noshow_at)),
    ]


# Vehicles.


@parking.on(Entered)
def entered(event: Entered, at: Recorded) -> Writes:
    which, lot, since = event.ticket, _lot(at), event.taken.start
    holder: dict[str, Any] = {} if event.holder is None else {"holder": event.holder}
    promise = {} if event.until is None else {"until": event.until, "grace": event.taken.end}
    due, stage = micros(event.taken.end), Stage.PRESENT.value
    writes = [
        _seen(at),
        TICKETS.put(
            at.micros,
            ticket=which,
            lot=lot,
            vehicle=event.vehicle.value,
            space=event.space,
            entered_at=since,
            begin=event.begin,
            tariff_version=event.tariff_version,
            **holder,
            **promise,
        ),
        INSIDE.put(
            at.micros,
            lot=lot,
            ticket=which,
            plate=event.plate,
            space=event.space,
            vehicle=event.vehicle.value,
            since=since,
            pool=event.taken.pool,
        ),
        TICKET_PLATES.put(at.micros, ticket=which, plate=event.plate),
        *_occupied(at, event.space, which, since),
        *_counted(at, event.taken.pool, event.inside),
        _noted(at, "entered", str(which), event.space),
    ]
    if event.freed is None:
        return [*writes, *_taken(at, which, event.taken, stage=stage, due=due)]
    came = _reservation(which, at, status=Status.FULFILLED.value)
    return [*writes, came, *_moved(at, which, event.freed, event.taken, stage=stage, due=due)]


@parking.on(Overstayed)
def overstayed(event: Overstayed, at: Recorded) -> Writes:
    stage, due = Stage.PRESENT.value, micros(event.taken.end)
    return [
        _seen(at),
        TICKETS.put(at.micros, ticket=event.ticket, overstayed_at=at.time),
        INSIDE.put(at.micros, lot=_lot(at), ticket=event.ticket, overstays=True),
        *_moved(at, event.ticket, event.freed, event.taken, stage=stage, due=due),
        _noted(at, "overstayed", str(event.ticket)),
    ]


@parking.on(TicketLost)
def ticket_lost(event: TicketLost, at: Recorded) -> Writes:
    return [
        _seen(at),
        TICKETS.put(at.micros, ticket=event.ticket, lost=True),
        _noted(at, "ticket lost", str(event.ticket)),
    ]


@parking.on(Validated)
def validated(event: Validated, at: Recorded) -> Writes:
    one = event.validation
    allowance = one.allowance.value
    return [
        _seen(at),
        VALIDATIONS.put(at.micros, ticket=event.ticket, code=one.code, allowance=allowance, value=one.value),
        _noted(at, "validated", str(event.ticket), one.code),
    ]


@parking.on(PaymentAsked)
def payment_asked(event: PaymentAsked, at: Recorded) -> Writes:
    asked = {"method": event.method, "currency": event.currency, "state": "asked", "amount": event.amount}
    return [_seen(at), PAYMENTS.put(at.micros, claim=event.claim, payment=event.payment, **asked)]


@parking.on(Paid)
def paid(event: Paid, at: Recorded) -> Writes:
    amount = event.amount
    return [
        _seen(at),
        PAYMENTS.put(at.micros, claim=event.claim, payment=event.payment, amount=amount, state="paid"),
    ]


@parking.on(PaymentFailed)
def payment_failed(event: PaymentFailed, at: Recorded) -> Writes:
    return [_seen(at), PAYMENTS.put(at.micros, claim=event.claim, payment=event.payment, state="failed")]


@parking.on(CardAsked)
def card_asked(event: CardAsked, at: Recorded) -> Writes:
    asked = {"method": event.method, "currency": event.currency, "state": "asked", "amount": event.amount}
    return [_seen(at), PAYMENTS.put(at.micros, claim=event.claim, payment=event.payment, **asked)]


@parking.on(CardAuthorised)
def card_authorised(event: CardAuthorised, at: Recorded) -> Writes:
    return [_seen(at), PAYMENTS.put(at.micros, claim=event.claim, payment=event.payment, state="authorised")]


@parking.on(CardCharged)
def card_charged(event: CardCharged, at: Recorded) -> Writes:
    state = "paid" if event.amount else "let go"
    charge = {"payment": event.payment, "amount": event.amount, "state": state}
    return [_seen(at), PAYMENTS.put(at.micros, claim=event.claim, **charge)]


@parking.on(Exited)
def exited(event: Exited, at: Recorded) -> Writes:
    return [
        _seen(at),
        TICKETS.put(
            at.micros,
            ticket=event.ticket,
            exited_at=at.time,
            price=event.price,
            paid=event.paid,
            currency=event.currency,
        ),
        INSIDE.remove(at.micros, lot=_lot(at), ticket=event.ticket),
        *_vacated(at, event.space),
        *_freed(at, event.ticket, event.freed),
        *_counted(at, event.freed.pool, event.inside),
        _noted(at, "left", str(event.ticket), event.space),
    ]


@parking.on(TicketClosed)
def ticket_closed(event: TicketClosed, at: Recorded) -> Writes:
    return [
        _seen(at),
        TICKETS.put(at.micros, ticket=event.ticket, closed=True),
        INSIDE.remove(at.micros, lot=_lot(at), ticket=event.ticket),
        *_vacated(at, event.space),
        *_freed(at, event.ticket, event.freed),
        _noted(at, "ticket closed", str(event.ticket)),
    ]


@parking.on(CountCorrected)
def count_corrected(event: CountCorrected, at: Recorded) -> Writes:
    since, due = event.taken.start, micros(event.taken.end)
    unknown = {"plate": "", "space": "", "vehicle": "car", "since": since, "pool": event.pool}
    writes: list[Write] = [_seen(at)]
    for each in event.added:
        writes += _taken(at, each, event.taken, stage=Stage.PRESENT.value, due=due)
        writes.append(INSIDE.put(at.micros, lot=_lot(at), ticket=each, **unknown))
    change = f"{event.before} → {event.after}: {event.reason}"
    return [*writes, *_counted(at, event.pool, event.after), _noted(at, "count corrected", event.pool, change)]


# Security.


@parking.on(Observed)
def observed(event: Observed, at: Recorded) -> Writes:
    match = {} if event.match is None else {"match": event.match, "misread": event.misread}
    return [
        _seen(at),
        OBSERVATIONS.put(
            at.micros,
            lot=_lot(at),
            day=_day(at.time),
            micros=at.micros,
            observation=event.observation,
            camera=event.camera,
            plate=event.plate,
            confidence=event.confidence,
            watched=event.watched,
            **match,
        ),
    ]


@parking.on(PlateWatched)
def plate_watched(event: PlateWatched, at: Recorded) -> Writes:
    row = {"reason": event.reason, "by": event.by, "since": at.time}
    return [_seen(at), WATCHED.put(at.micros, lot=_lot(at), plate=event.plate, **row), _noted(at, "plate watched", "")]


@parking.on(PlateUnwatched)
def plate_unwatched(event: PlateUnwatched, at: Recorded) -> Writes:
    return [_seen(at), WATCHED.remove(at.micros, lot=_lot(at), plate=event.plate), _noted(at, "plate unwatched", "")]


@parking.on(IncidentReported)
def incident_reported(event: IncidentReported, at: Recorded) -> Writes:
    about = {name: value for name in ("claim", "by") if (value := getattr(event, name)) is not None}
    row = {"kind": event.kind, "note": event.note, "reported_at": at.time, **about}
    return [
        _seen(at),
        INCIDENTS.put(at.micros, lot=_lot(at), incident=event.incident, **row),
        _noted(at, "incident", str(event.incident), event.kind),
    ]


@parking.on(IncidentClosed)
def incident_closed(event: IncidentClosed, at: Recorded) -> Writes:
    row = {"closed_at": at.time, "closed_by": event.by, "outcome": event.note}
    return [
        _seen(at),
        INCIDENTS.put(at.micros, lot=_lot(at), incident=event.incident, **row),
        _noted(at, "incident closed", str(event.incident), event.note),
    ]


# Drivers' own things.


@parking.on(VehicleAdded)
def vehicle_added(event: VehicleAdded, at: Recorded) -> Writes:
    person, vehicle = UUID(at.aggregate_id), event.vehicle.value
    return [VEHICLES.put(at.micros, person=person, plate=event.plate, vehicle=vehicle)]


@parking.on(VehicleRemoved)
def vehicle_removed(event: VehicleRemoved, at: Recorded) -> Writes:
    return [VEHICLES.remove(at.micros, person=UUID(at.aggregate_id), plate=event.plate)]


@parking.on(FavouriteAdded)
def favourite_added(event: FavouriteAdded, at: Recorded) -> Writes:
    return [FAVOURITES.put(at.micros, person=UUID(at.aggregate_id), lot=event.lot, since=at.time)]


@parking.on(FavouriteRemoved)
def favourite_removed(event: FavouriteRemoved, at: Recorded) -> Writes:
    return [FAVOURITES.remove(at.micros, person=UUID(at.aggregate_id), lot=event.lot)]


# What they have in common.


def _lot(at: Recorded) -> UUID:
    return UUID(at.aggregate_id)


def _seen(at: Recorded, **columns: Any) -> Put:
    """The lot's row, which knows how old what is known of it is."""
    return LOTS.put(at.micros, lot=_lot(at), seen_at=at.time, version=at.version, **columns)


def _reservation(which: UUID, at: Recorded, **columns: Any) -> Put:
    return RESERVATIONS.put(at.micros, reservation=which, version=at.version, **columns)


def _noted(at: Recorded, what: str, subject: str, detail: str = "") -> Put:
    said = {"what": what, "subject": subject, "actor": at.actor.partition("|")[2].partition("|")[0] or at.actor}
    return DIARY.put(at.micros, lot=_lot(at), day=_day(at.time), micros=at.micros, entry=at.id, detail=detail, **said)


def _day(time: datetime) -> str:
    return time.date().isoformat()


def _buckets(span: Span) -> range:
    start, end = micros(span.start), micros(span.end)
    return range(start // BUCKET, (end - 1) // BUCKET + 1) if start < end else range(0)


def _taken(at: Recorded, claim: UUID, span: Span, **columns: Any) -> list[Write]:
    values = {"pool": span.pool, "start": micros(span.start), "stop": micros(span.end), **columns}
    return [TAKEN.put(at.micros, lot=_lot(at), bucket=each, claim=claim, **values) for each in _buckets(span)]


def _freed(at: Recorded, claim: UUID, span: Span) -> list[Write]:
    return [TAKEN.remove(at.micros, lot=_lot(at), bucket=each, claim=claim) for each in _buckets(span)]


def _moved(at: Recorded, claim: UUID, freed: Span, taken: Span, **columns: Any) -> list[Write]:
    """Rows that are no longer, and those that are now."""
    kept = set(_buckets(taken))
    gone = [each for each in _buckets(freed) if each not in kept]
    removed = [TAKEN.remove(at.micros, lot=_lot(at), bucket=each, claim=claim) for each in gone]
    return [*removed, *_taken(at, claim, taken, **columns)]


def _occupied(at: Recorded, space: str, ticket: UUID, since: datetime) -> list[Write]:
    if not space:
        return []
    return [SPACES.put(at.micros, lot=_lot(at), space=space, ticket=ticket, occupied=True, since=since)]


def _vacated(at: Recorded, space: str) -> list[Write]:
    return [SPACES.put(at.micros, lot=_lot(at), space=space, occupied=False, since=at.time)] if space else []


def _counted(at: Recorded, pool: str, inside: int) -> list[Write]:
    """How many are in a pool's spaces when this quarter of an hour ends, unless more happens in it."""
    if inside < 0:
        return []
    return [OCCUPANCY.put(at.micros, lot=_lot(at), day=_day(at.time), slot=at.micros // SLOT, pool=pool, inside=inside)]


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
