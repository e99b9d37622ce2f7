"""What can happen to a lot. Stored for ever: names and fields are the wire format.

Whatever takes from a pool or gives back to it says which interval it frees and which it takes, so that every reader
counts as the lot itself does.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from domain.parking.guidance import Plan
from domain.parking.stock import Size, Vehicle
from domain.parking.tariff import Tariff, Validation


class Status(StrEnum):
    """How a reservation stands, in the words of the Bookings module of OCPI 2.3."""

    PENDING = "PENDING"  # held
    RESERVED = "RESERVED"  # confirmed
    REJECTED = "REJECTED"  # the hold expired
    FULFILLED = "FULFILLED"  # the vehicle came
    CANCELED = "CANCELED"
    NO_SHOW = "NO_SHOW"


@dataclass(frozen=True, slots=True)
class Span:
    """A space of a pool over a half-open interval."""

    pool: str
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Level:
    name: str
    clearance: int = 0  # centimetres; 0: unlimited


@dataclass(frozen=True, slots=True)
class Space:
    name: str
    level: str
    zone: str = ""
    pool: str = "car"  # its class; "space:<name>" where it is sold by its name
    length: int = 0  # centimetres; 0: unlimited
    width: int = 0


@dataclass(frozen=True, slots=True)
class Opening:
    """Hours on a weekday (0 Monday) in minutes of the local day; they may end after midnight."""

    day: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class SpecialDay:
    """Hours of one date in place of its weekday's: a holiday, a fair. `start` and `end` alike: closed all day."""

    day: date
    start: int = 0
    end: int = 0


@dataclass(frozen=True, slots=True)
class Terms:
    """What the lot promises and asks, named after OCPI's BookingTerms where that has a word for it."""

    hold: timedelta = timedelta(minutes=10)
    change_until: timedelta = timedelta(0)  # before the start
    cancel_until: timedelta = timedelta(hours=1)  # before the start; later the whole price is kept
    early_start: timedelta = timedelta(minutes=15)
    noshow_timeout: timedelta = timedelta(minutes=30)  # after the start
    noshow_fee: int = 0  # minor units
    late_stop: timedelta = timedelta(0)  # after the end; kept free for it
    walk_in: timedelta = timedelta(hours=4)  # how long a space has to be free of promises for a walk-in to get it
    overstay: timedelta = timedelta(minutes=30)  # what an overstay takes at a time
    ahead: timedelta = timedelta(days=90)  # how early one can reserve
    longest: timedelta = timedelta(days=31)  # one reservation
    pay_by: timedelta = timedelta(minutes=15)  # to leave in after paying
    compensation: int = 0  # minor units, to whom a promise is broken
    suggestion: timedelta = timedelta(minutes=5)  # how long a space that was suggested is kept
    card_ceiling: int = 0  # minor units a card has to be good for to be charged at the exit; 0: one pays before


class Stage(StrEnum):
    """What a live claim on a space is."""

    HELD = "held"
    CONFIRMED = "confirmed"
    PRESENT = "present"


class Lapse(StrEnum):
    """Why a promise ended without being kept or cancelled."""

    EXPIRED = "expired"
    NO_SHOW = "no_show"
    DISPLACED = "displaced"  # by an overstay, a closed space, a corrected count


# The lot itself.


@dataclass(frozen=True, slots=True)
class LotOpened:
    owner: UUID
    name: str
    zone: str
    latitude: float
    longitude: float
    address: str


@dataclass(frozen=True, slots=True)
class LayoutChanged:
    levels: tuple[Level, ...]
    spaces: tuple[Space, ...]


@dataclass(frozen=True, slots=True)
class PlanDrawn:
    """How one gets through it. Only readers need it: the lot itself remembers what it would repeat."""

    plan: Plan


@dataclass(frozen=True, slots=True)
class HoursChanged:
    hours: tuple[Opening, ...]  # none: always open
    exceptions: tuple[SpecialDay, ...] = ()


@dataclass(frozen=True, slots=True)
class TermsChanged:
    terms: Terms


@dataclass(frozen=True, slots=True)
class TariffPublished:
    version: int
    tariff: Tariff


@dataclass(frozen=True, slots=True)
class StaffAdded:
    person: UUID


@dataclass(frozen=True, slots=True)
class StaffRemoved:
    person: UUID


@dataclass(frozen=True, slots=True)
class SpaceClosed:
    space: str
    pool: str
    reason: str


@dataclass(frozen=True, slots=True)
class SpaceReopened:
    space: str
    pool: str


# Promises.


@dataclass(frozen=True, slots=True)
class Held:
    reservation: UUID
    holder: UUID
    vehicle: Vehicle
    plate: str = field(metadata={"personal": "holder"})  # "" where it is not known yet
    start: datetime
    end: datetime
    taken: Span
    tariff_version: int
    price: int  # minor units, tax included
    currency: str
    expires: datetime
    size: Size | None = None  # of the vehicle, where it was told


@dataclass(frozen=True, slots=True)
class Confirmed:
    reservation: UUID
    holder: UUID
    noshow_at: datetime
    taken: Span  # as before


@dataclass(frozen=True, slots=True)
class Changed:
    reservation: UUID
    holder: UUID
    start: datetime
    end: datetime
    freed: Span
    taken: Span
    tariff_version: int
    price: int
    due: datetime  # when the hold expires, nobody is waited for any longer, or the vehicle overstays
    stage: Stage


@dataclass(frozen=True, slots=True)
class Refund:
    """Money that goes back the way it came."""

    payment: UUID
    amount: int


@dataclass(frozen=True, slots=True)
class Cancelled:
    reservation: UUID
    holder: UUID
    freed: Span
    fee: int  # minor units of the price that are kept
    refunds: tuple[Refund, ...]


@dataclass(frozen=True, slots=True)
class Lapsed:
    """A hold that expired, a reservation nobody came for, or a promise that could not be kept."""

    reservation: UUID
    holder: UUID
    why: Lapse
    freed: Span
    fee: int  # what is kept of what was paid
    compensation: int  # what the lot owes
    refunds: tuple[Refund, ...]
    currency: str = ""  # of the compensation; "" in events of before it was paid out


@dataclass(frozen=True, slots=True)
class Rehomed:
    """A promise was moved to another pool, so that it can be kept."""

    reservation: UUID
    holder: UUID
    freed: Span
    taken: Span


@dataclass(frozen=True, slots=True)
class SpaceSuggested:
    """A space is kept for whoever is about to come, who takes of the pool from now on."""

    reservation: UUID
    holder: UUID
    space: str
    until: datetime
    freed: Span
    taken: Span
    noshow_at: datetime  # as before


# Vehicles.


@dataclass(frozen=True, slots=True)
class Entered:
    ticket: UUID  # the reservation's id, where there was one
    holder: UUID | None
    vehicle: Vehicle
    plate: str = field(metadata={"personal": "holder"})
    space: str
    freed: Span | None  # what its reservation took
    taken: Span
    begin: datetime  # from here on is to be paid: a reservation's start
    until: datetime | None  # a reservation's end
    tariff_version: int
    inside: int = -1  # vehicles in the pool from now on; -1 in events of before it was told


@dataclass(frozen=True, slots=True)
class Overstayed:
    ticket: UUID
    holder: UUID | None
    freed: Span
    taken: Span


@dataclass(frozen=True, slots=True)
class TicketLost:
    ticket: UUID


@dataclass(frozen=True, slots=True)
class Validated:
    ticket: UUID
    validation: Validation


@dataclass(frozen=True, slots=True)
class PaymentAsked:
    """Somebody wants to pay what is due for a ticket or a reservation; the money has not come yet."""

    claim: UUID
    payment: UUID
    payer: UUID
    amount: int  # minor units, tax included
    tax: int
    currency: str
    method: str
    zone: str  # whose calendar the invoice is dated by
    what: str  # "Parking, Main Street 1"


@dataclass(frozen=True, slots=True)
class Paid:
    claim: UUID
    payment: UUID
    amount: int
    at: datetime


@dataclass(frozen=True, slots=True)
class PaymentFailed:
    claim: UUID
    payment: UUID


@dataclass(frozen=True, slots=True)
class PaymentReturned:
    """Money came for what is no longer there: it goes back."""

    claim: UUID
    payment: UUID
    amount: int


@dataclass(frozen=True, slots=True)
class CardAsked:
    """A card is asked whether it is good for a stay; what that costs is taken when the vehicle leaves."""

    claim: UUID
    payment: UUID
    payer: UUID
    amount: int  # the most that can be taken, in minor units
    currency: str
    method: str
    zone: str
    what: str


@dataclass(frozen=True, slots=True)
class CardAuthorised:
    claim: UUID
    payment: UUID
    amount: int


@dataclass(frozen=True, slots=True)
class CardCharged:
    """A stay is over, and what was still to be paid is taken from its card; 0: the card is let go."""

    claim: UUID
    payment: UUID
    amount: int
    tax: int


@dataclass(frozen=True, slots=True)
class Exited:
    ticket: UUID
    holder: UUID | None
    space: str
    freed: Span
    entered: datetime
    price: int
    paid: int
    currency: str
    refunds: tuple[Refund, ...]
    inside: int = -1  # as in Entered


@dataclass(frozen=True, slots=True)
class CountCorrected:
    """Somebody counted: vehicles nobody let in are added, or tickets of vehicles that are gone are closed."""

    pool: str
    before: int
    after: int
    reason: str
    by: UUID
    added: tuple[UUID, ...]
    taken: Span  # of each that was added


@dataclass(frozen=True, slots=True)
class TicketClosed:
    """A ticket without a vehicle."""

    ticket: UUID
    holder: UUID | None
    space: str
    freed: Span


# Security: what is seen and written down. None of it opens a gate.


@dataclass(frozen=True, slots=True)
class Observed:
    """A camera has read a plate, maybe wrongly; what it may be is a proposal for people."""

    observation: UUID
    camera: str
    plate: str = field(metadata={"personal": "holder"})
    confidence: int  # per cent, as the camera says
    match: UUID | None  # the ticket or reservation whose plate is nearest
    misread: int  # hundredths of a letter between them
    holder: UUID | None  # of the match
    watched: bool


@dataclass(frozen=True, slots=True)
class PlateWatched:
    plate: str = field(metadata={"personal": "aggregate_id"})
    reason: str
    by: UUID


@dataclass(frozen=True, slots=True)
class PlateUnwatched:
    plate: str = field(metadata={"personal": "aggregate_id"})


@dataclass(frozen=True, slots=True)
class IncidentReported:
    incident: UUID
    kind: str
    note: str
    claim: UUID | None  # a ticket or a reservation
    by: UUID | None  # None: the watch list, or money that went astray
    at_work: tuple[UUID, ...] = ()  # who is to know of it: who runs the car park and its staff, but not `by`


@dataclass(frozen=True, slots=True)
class IncidentClosed:
    incident: UUID
    note: str
    by: UUID


Event = (
    LotOpened
    | LayoutChanged
    | PlanDrawn
    | HoursChanged
    | TermsChanged
    | TariffPublished
    | StaffAdded
    | StaffRemoved
    | SpaceClosed
    | SpaceReopened
    | Held
    | Confirmed
    | Changed
    | Cancelled
    | Lapsed
    | Rehomed
    | SpaceSuggested
    | Entered
    | Overstayed
    | TicketLost
    | Validated
    | PaymentAsked
    | Paid
    | PaymentFailed
    | PaymentReturned
    | CardAsked
    | CardAuthorised
    | CardCharged
    | Exited
    | CountCorrected
    | TicketClosed
    | Observed
    | PlateWatched
    | PlateUnwatched
    | IncidentReported
    | IncidentClosed
)
