"""Which commands a lot accepts, from whom, and what follows."""

from domain.instants import micros
from domain.kernel import Context, Reason, Rejected
from domain.parking.lot import arrange, card, gate, guard, promises
from domain.parking.lot.commands import (
    AddStaff,
    Authorise,
    Cancel,
    Change,
    ChangeHours,
    ChangeLayout,
    ChangeTerms,
    CloseIncident,
    CloseSpace,
    Command,
    Confirm,
    CorrectCount,
    DeclareLost,
    DrawPlan,
    Enter,
    Exit,
    Hold,
    NoteAuthorised,
    NotePayment,
    NotePaymentFailed,
    NoteTrouble,
    Observe,
    OpenLot,
    Pay,
    PublishTariff,
    RemoveStaff,
    ReopenSpace,
    ReportIncident,
    Settle,
    Suggest,
    UnwatchPlate,
    Validate,
    WatchPlate,
)
from domain.parking.lot.events import (
    CountCorrected,
    Event,
    LayoutChanged,
    PaymentFailed,
    SpaceClosed,
    StaffAdded,
    StaffRemoved,
    TicketLost,
    Validated,
)
from domain.parking.lot.state import Lot, evolve
from domain.parking.lot.upkeep import caught_up, mended
from domain.parking.tariff import check_validation

VALIDATIONS = 20  # of one ticket


def decide(lot: Lot, command: Command, context: Context) -> list[Event]:
    """First what time has brought about, then the command itself, then what no longer fits because of it."""
    now = micros(context.now)
    if isinstance(command, OpenLot):
        return arrange.open_lot(lot, command, context)
    if lot.owner is None:
        raise Rejected("lot_unknown", "There is no such car park.", Reason.NOT_FOUND)
    lot, events = caught_up(lot, now)
    decided = _decided(lot, command, context, now)
    events += decided
    if any(isinstance(each, _TAKING) for each in decided):
        for each in decided:
            lot = evolve(lot, each)
        mended(lot, now, events)
    return events


_Owners = ChangeLayout | DrawPlan | ChangeHours | ChangeTerms | PublishTariff | AddStaff | RemoveStaff
_Guards = Observe | WatchPlate | UnwatchPlate | ReportIncident | CloseIncident
_Staffs = Enter | Exit | DeclareLost | Validate | CorrectCount | CloseSpace | ReopenSpace | _Guards
_Systems = NotePayment | NotePaymentFailed | NoteAuthorised | NoteTrouble | Settle
_Later = Hold | Confirm | Change | Cancel | Suggest | Pay | Authorise | _Owners | _Staffs | _Systems
_TAKING = (LayoutChanged, SpaceClosed, CountCorrected)  # what may leave less than was promised


def _decided(lot: Lot, command: _Later, context: Context, now: int) -> list[Event]:
    match command:
        case Hold():
            return promises.hold(lot, command, context, now)
        case Confirm(reservation=which):
            return promises.confirm(lot, which, context)
        case Change():
            return promises.change(lot, command, context, now)
        case Cancel(reservation=which):
            return promises.cancel(lot, which, context, now)
        case Suggest():
            return gate.suggest(lot, command, context, now)
        case Pay():
            return gate.pay(lot, command, context, now)
        case Authorise():
            return card.authorise(lot, command, context)
        case NotePayment() | NotePaymentFailed() | NoteAuthorised() | NoteTrouble() | Settle():
            return _by_system(lot, command, context, now)
        case Enter() | Exit() | DeclareLost() | Validate() | CorrectCount() | CloseSpace() | ReopenSpace():
            return _by_staff(lot, command, context, now)
        case Observe() | WatchPlate() | UnwatchPlate() | ReportIncident() | CloseIncident():
            return _by_staff(lot, command, context, now)
        case _:
            return _by_owner(lot, command, context)


def _by_system(lot: Lot, command: _Systems, context: Context, now: int) -> list[Event]:
    if not context.actor.is_system:
        raise Rejected("not_yours", "Only the system itself does this.", Reason.FORBIDDEN)
    match command:
        case NotePayment(claim=claim, payment=payment, amount=amount):
            return gate.note_payment(lot, claim, payment, amount, now)
        case NotePaymentFailed(claim=which, payment=payment):
            known = lot.claims.get(which)
            return [PaymentFailed(which, payment)] if known is not None and known.asked == payment else []
        case NoteAuthorised(claim=claim, payment=payment, amount=amount):
            return card.note_authorised(lot, claim, payment, amount)
        case NoteTrouble():
            return guard.trouble(lot, command)
        case Settle():
            return []


def _by_staff(
    lot: Lot,
    command: _Staffs,
    context: Context,
    now: int,
) -> list[Event]:
    if not promises.is_staff(lot, context):
        raise Rejected("not_at_work_here", "Only the staff of this car park can do this.", Reason.FORBIDDEN)
    match command:
        case Enter(plate=plate):
            came = gate.enter(lot, command, now)
            return [*came, *(guard.reported(lot, plate, command.ticket, None) if came else [])]
        case Exit():
            return gate.leave(lot, command, now)
        case DeclareLost(ticket=ticket):
            return [] if gate.inside(lot, ticket).lost else [TicketLost(ticket)]
        case Validate(ticket=ticket, validation=validation):
            check_validation(validation)
            known = gate.inside(lot, ticket).validations
            if any(each.code == validation.code for each in known):
                return []
            if len(known) >= VALIDATIONS:
                raise Rejected("too_many_validations", f"A ticket takes at most {VALIDATIONS} validations.")
            return [Validated(ticket, validation)]
        case CorrectCount():
            return gate.correct_count(lot, command, context, now)
        case CloseSpace():
            return arrange.close_space(lot, command)
        case ReopenSpace(space=space):
            return arrange.reopen_space(lot, space)
        case _:
            return _by_guards(lot, command, context)


def _by_guards(lot: Lot, command: _Guards, context: Context) -> list[Event]:
    match command:
        case Observe():
            return guard.observe(lot, command)
        case WatchPlate():
            return guard.watch(lot, command, context)
        case UnwatchPlate():
            return guard.unwatch(lot, command)
        case ReportIncident():
            return guard.report(lot, command, context)
        case CloseIncident():
            return guard.close(lot, command, context)


def _by_owner(
    lot: Lot,
    command: _Owners,
    context: Context,
) -> list[Event]:
    arrange.check_owner(lot, context.actor.person)
    match command:
        case ChangeLayout():
            return arrange.change_layout(lot, command)
        case DrawPlan():
            return arrange.draw_plan(lot, command)
        case ChangeHours():
            return arrange.change_hours(lot, command)
        case ChangeTerms():
            return arrange.change_terms(lot, command)
        case PublishTariff():
            return arrange.publish_tariff(lot, command)
        case AddStaff(person=person):
            if person in lot.staff:
                return []
            arrange.check_room_for_staff(lot)
            return [StaffAdded(person)]
        case RemoveStaff(person=person):
            return [StaffRemoved(person)] if person in lot.staff else []
