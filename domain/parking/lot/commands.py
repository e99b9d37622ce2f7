"""What can be asked of a lot. Who asks is the actor, never a field."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from domain.parking.guidance import Plan
from domain.parking.lot.events import Level, Opening, Space, Terms
from domain.parking.stock import Vehicle
from domain.parking.tariff import Tariff, Validation

# By whoever owns the lot.


@dataclass(frozen=True, slots=True)
class OpenLot:
    """By anybody: they own it from then on."""

    name: str
    zone: str
    latitude: float
    longitude: float
    address: str


@dataclass(frozen=True, slots=True)
class ChangeLayout:
    levels: tuple[Level, ...]
    spaces: tuple[Space, ...]


@dataclass(frozen=True, slots=True)
class DrawPlan:
    plan: Plan


@dataclass(frozen=True, slots=True)
class ChangeHours:
    hours: tuple[Opening, ...]


@dataclass(frozen=True, slots=True)
class ChangeTerms:
    terms: Terms


@dataclass(frozen=True, slots=True)
class PublishTariff:
    tariff: Tariff


@dataclass(frozen=True, slots=True)
class AddStaff:
    person: UUID


@dataclass(frozen=True, slots=True)
class RemoveStaff:
    person: UUID


# By drivers.


@dataclass(frozen=True, slots=True)
class Hold:
    """Asks for a space over [start, end); it is kept for a while, to be confirmed."""

    reservation: UUID  # a new one
    vehicle: Vehicle
    start: datetime
    end: datetime
    plate: str = field(default="", metadata={"personal": "actor"})
    space: str = ""  # this very space
    height: int = 0  # centimetres
    price: int | None = None  # what was quoted; refused where it is another now
    confirmed: bool = False  # at once, not only held


@dataclass(frozen=True, slots=True)
class Confirm:
    reservation: UUID


@dataclass(frozen=True, slots=True)
class Change:
    """Another interval: earlier, later, longer, shorter."""

    reservation: UUID
    start: datetime
    end: datetime
    price: int | None = None


@dataclass(frozen=True, slots=True)
class Cancel:
    reservation: UUID


@dataclass(frozen=True, slots=True)
class Suggest:
    """Asks, shortly before one comes, for the first of these spaces that is free; it is kept for some minutes."""

    reservation: UUID
    near: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Pay:
    """By the holder, or by the staff for anybody: what is due right now, exactly."""

    claim: UUID
    payment: UUID  # a new one
    amount: int
    method: str


# By the staff, at the gates and elsewhere.


@dataclass(frozen=True, slots=True)
class Enter:
    ticket: UUID  # a new one for who has no reservation
    plate: str
    vehicle: Vehicle
    reservation: UUID | None = None  # from a QR code; else it is found by the plate
    near: tuple[str, ...] = ()  # spaces that would suit best, the best first


@dataclass(frozen=True, slots=True)
class Exit:
    """By plate, or by ticket where there is no plate."""

    plate: str = ""
    ticket: UUID | None = None


@dataclass(frozen=True, slots=True)
class DeclareLost:
    ticket: UUID


@dataclass(frozen=True, slots=True)
class Validate:
    ticket: UUID
    validation: Validation


@dataclass(frozen=True, slots=True)
class CorrectCount:
    pool: str
    present: int
    reason: str


@dataclass(frozen=True, slots=True)
class CloseSpace:
    space: str
    reason: str


@dataclass(frozen=True, slots=True)
class ReopenSpace:
    space: str


@dataclass(frozen=True, slots=True)
class Observe:
    """A camera has read a plate."""

    observation: UUID  # a new one
    camera: str
    plate: str
    confidence: int  # per cent


@dataclass(frozen=True, slots=True)
class WatchPlate:
    plate: str
    reason: str


@dataclass(frozen=True, slots=True)
class UnwatchPlate:
    plate: str


@dataclass(frozen=True, slots=True)
class ReportIncident:
    incident: UUID  # a new one
    kind: str
    note: str
    claim: UUID | None = None


@dataclass(frozen=True, slots=True)
class CloseIncident:
    incident: UUID
    note: str


# By the system.


@dataclass(frozen=True, slots=True)
class NotePayment:
    claim: UUID
    payment: UUID
    amount: int


@dataclass(frozen=True, slots=True)
class NotePaymentFailed:
    claim: UUID
    payment: UUID


@dataclass(frozen=True, slots=True)
class Settle:
    """A deadline: makes visible what time has brought about. Late, early or repeated, it does no harm."""


Command = (
    OpenLot
    | ChangeLayout
    | DrawPlan
    | ChangeHours
    | ChangeTerms
    | PublishTariff
    | AddStaff
    | RemoveStaff
    | Hold
    | Confirm
    | Change
    | Cancel
    | Suggest
    | Pay
    | Enter
    | Exit
    | DeclareLost
    | Validate
    | CorrectCount
    | CloseSpace
    | ReopenSpace
    | Observe
    | WatchPlate
    | UnwatchPlate
    | ReportIncident
    | CloseIncident
    | NotePayment
    | NotePaymentFailed
    | Settle
)
