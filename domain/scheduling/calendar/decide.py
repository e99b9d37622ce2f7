"""Which commands a calendar accepts, from whom, and what follows."""

from domain.kernel import Context, Reason, Rejected
from domain.scheduling.calendar.bookings import (
    approve,
    book,
    book_by_link,
    book_despite,
    cancel,
    change_guests,
    decline,
    hold,
    mark_no_show,
    release,
    reschedule,
    set_reminder,
)
from domain.scheduling.calendar.commands import (
    AddAbsence,
    AddWebhook,
    Approve,
    AttachFile,
    Book,
    BookByLink,
    BookChosen,
    BookDespite,
    BookPart,
    BookSeries,
    BySystem,
    Cancel,
    CancelForGuest,
    CancelSeries,
    ChangeGuests,
    ClearCalendar,
    Command,
    Comment,
    ConnectCalendar,
    Decline,
    DefineEventType,
    DeleteNote,
    DisableWebhook,
    DisconnectCalendar,
    DropBusy,
    DropPart,
    EndWebhooks,
    EraseNote,
    ExpireHold,
    FailConnection,
    Hold,
    HoldPart,
    JoinTeam,
    LeaveTeam,
    MakeLink,
    MarkNoShow,
    NoteConnected,
    NoteRoom,
    OpenResource,
    PingWebhook,
    Release,
    Remind,
    RemoveAbsence,
    RemoveEventType,
    RemoveForm,
    RemoveSchedule,
    RemoveWebhook,
    RenewFeed,
    RenewKey,
    Reschedule,
    RevokeLink,
    SetForm,
    SetHolidays,
    SetPartKey,
    SetPublic,
    SetReminder,
    SetSchedule,
    SwapPart,
    SyncBusy,
    SyncConnected,
    WithdrawKey,
)
from domain.scheduling.calendar.connections import fail_connection, note_connected, sync_connected
from domain.scheduling.calendar.events import Event
from domain.scheduling.calendar.keys import renew_key, set_part_key, withdraw_key
from domain.scheduling.calendar.leaving import cancel_for_guest, clear, erase_note
from domain.scheduling.calendar.notes import attach_file, comment, delete_note, set_public
from domain.scheduling.calendar.series import book_series, cancel_series
from domain.scheduling.calendar.settings import change_settings, open_resource, worth_keeping
from domain.scheduling.calendar.state import Calendar
from domain.scheduling.calendar.system import (
    book_chosen,
    book_part,
    disable_webhook,
    drop_part,
    end_webhooks,
    expire_hold,
    hold_part,
    note_room,
    remind,
    swap_part,
)


def decide(calendar: Calendar, command: Command, context: Context) -> list[Event]:
    match command:
        case OpenResource():
            return open_resource(calendar, command, context)
        case (
            DefineEventType()
            | RemoveEventType()
            | SetSchedule()
            | RemoveSchedule()
            | SetHolidays()
            | AddAbsence()
            | RemoveAbsence()
            | SyncBusy()
            | DropBusy()
            | JoinTeam()
            | LeaveTeam()
            | MakeLink()
            | RevokeLink()
            | RenewFeed()
            | SetForm()
            | RemoveForm()
            | AddWebhook()
            | RemoveWebhook()
            | PingWebhook()
            | ConnectCalendar()
            | DisconnectCalendar()
        ):
            return change_settings(calendar, command, context)
        case (
            ExpireHold()
            | Remind()
            | HoldPart()
            | BookPart()
            | DropPart()
            | SwapPart()
            | BookChosen()
            | NoteRoom()
            | DisableWebhook()
            | EndWebhooks()
            | ClearCalendar()
            | CancelForGuest()
            | EraseNote()
            | SetPartKey()
            | NoteConnected()
            | FailConnection()
            | SyncConnected()
        ):
            return _by_system(calendar, command, context)
    if calendar.owner is None:
        raise Rejected("calendar_unknown", "There is no such calendar.", Reason.NOT_FOUND)
    match command:
        case Book():
            return book(calendar, command, context)
        case BookDespite():
            return book_despite(calendar, command, context)
        case Hold():
            return hold(calendar, command, context)
        case Release():
            return release(calendar, command, context)
        case Approve():
            return approve(calendar, command, context)
        case Decline():
            return decline(calendar, command, context)
        case Cancel():
            return cancel(calendar, command, context)
        case Reschedule():
            return reschedule(calendar, command, context)
        case MarkNoShow():
            return mark_no_show(calendar, command, context)
        case ChangeGuests():
            return change_guests(calendar, command, context)
        case SetReminder():
            return set_reminder(calendar, command, context)
        case BookByLink():
            return book_by_link(calendar, command, context)
        case BookSeries():
            return book_series(calendar, command, context)
        case CancelSeries():
            return cancel_series(calendar, command, context)
        case Comment():
            return comment(calendar, command, context)
        case AttachFile():
            return attach_file(calendar, command, context)
        case DeleteNote():
            return delete_note(calendar, command, context)
        case RenewKey():
            return renew_key(calendar, command, context)
        case WithdrawKey():
            return withdraw_key(calendar, command, context)
        case SetPublic():
            return set_public(calendar, command, context)


def _by_system(calendar: Calendar, command: BySystem, context: Context) -> list[Event]:
    if not context.actor.is_system:
        raise Rejected("not_yours", "Only Septet itself does this.", Reason.FORBIDDEN)
    match command:
        case ExpireHold():
            return expire_hold(calendar, command, context)
        case Remind():
            return remind(calendar, command, context)
        case HoldPart():
            return hold_part(calendar, command, context)
        case BookPart():
            return book_part(calendar, command, context)
        case DropPart():
            return drop_part(calendar, command)
        case SwapPart():
            return swap_part(calendar, command, context)
        case BookChosen():
            return book_chosen(calendar, command, context)
        case NoteRoom():
            return note_room(calendar, command)
        case DisableWebhook():
            return disable_webhook(calendar, command)
        case EndWebhooks():
            return end_webhooks(calendar)
        case ClearCalendar():
            return clear(calendar, command, context)
        case CancelForGuest():
            return cancel_for_guest(calendar, command, context)
        case EraseNote():
            return erase_note(calendar, command)
        case SetPartKey():
            return set_part_key(calendar, command)
        case NoteConnected():
            return note_connected(calendar, command)
        case FailConnection():
            return fail_connection(calendar, command)
        case SyncConnected():
            return sync_connected(calendar, command, worth_keeping(command.busy, context.now))
