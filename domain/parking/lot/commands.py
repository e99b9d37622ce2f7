"""What can be asked of a lot. Who asks is the actor, never a field."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from domain.parking.guidance import Plan
from domain.parking.lot.events import Level, Opening, Space, SpecialDay, Terms
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
    exceptions: tuple[SpecialDay, ...] = ()


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
    height: int = 0  # of the vehicle, in centimetres; 0: not told
    price: int | None = None  # what was quoted; refused where it is another now
    confirmed: bool = False  # at once, not only held
    length: int = 0
    width: int = 0


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


@dataclass(frozen=True, slots=True)
class Authorise:
    """By the holder, or by the staff at the gate: a card that is charged when the vehicle leaves."""

    claim: UUID
    payment: UUID  # a new one
    method: str


# By the staff, at the gates and elsewhere.


@dataclass(frozen=True, slots=True)
class Enter:
    ticket: UUID  # a new one for who has no reservation
    plate: str
    vehicle: Vehicle
    reservation: UUID | None = None  # from a QR code; else it is found by the plate
    near: tuple[str, ...] = ()  # spaces that would suit best, the best first
    height: int = 0  # centimetres; 0: not measured
    length: int = 0
    width: int = 0


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
class NoteAuthorised:
    claim: UUID
    payment: UUID
    amount: int


@dataclass(frozen=True, slots=True)
class NoteTrouble:
    """Money that did not go where it should have: somebody has to look at it."""

    incident: UUID
    kind: str
    note: str
    claim: UUID


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
    | Authorise
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
    | NoteAuthorised
    | NoteTrouble
    | Settle
)
