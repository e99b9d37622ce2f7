"""What mails say: notices, codes that prove an address, and invitations with the booking as a scheduling message."""

from datetime import timedelta
from email.utils import parseaddr
from typing import Any

from domain.notice.invitation import Announced, Change, reader
from domain.notice.recipient import Due, EmailGiven
from infra.outbound import Calendar, Mail
from producers.notice_keys import NoticeKeys
from schemas.envelope import Recorded

SUBJECTS = {
    Change.BOOKED: "Booked",
    Change.REQUESTED: "Asked for",
    Change.APPROVED: "Confirmed",
    Change.DECLINED: "Declined",
    Change.MOVED: "Moved",
    Change.CANCELLED: "Cancelled",
    Change.REMINDER: "Soon",
    Change.INVITED: "Invitation",
    Change.UNINVITED: "Cancelled",
}
REQUEST = frozenset((Change.BOOKED, Change.APPROVED, Change.MOVED, Change.INVITED))
CANCEL = frozenset((Change.CANCELLED, Change.UNINVITED))
OVER = CANCEL | {Change.DECLINED}  # they do not meet: where is of no use


class Mails:
    """`sender`: the address mails come from. `url`: where people reach this installation; "" for no links. `mark`: what
    says in the UID of a booking that it is of this installation."""

    def __init__(self, keys: NoticeKeys, sender: str, url: str, mark: str) -> None:
        self._keys, self._sender, self._url, self._mark = keys, sender, url.rstrip("/"), mark
        self._host = sender.rpartition("@")[2]

    def of_notice(self, event: Due, to: str, name: str, person: str) -> Mail:
        what, name = event.what, f"{name}@{self._host}"
        if not self._url:
            return Mail(name, to, what.subject, f"{what.text}\n")
        about, mark = f"{person}/{what.category.value}", self._keys.stop(person, what.category.value)
        text = (
            f"{what.text}\n\n{self._url}{what.link}\n\n"
            f"No more mails of this kind: {self._url}/ui/stop-mails/{about}#{mark}\n"
        )
        return Mail(name, to, what.subject, text, stop=f"{self._url}/notice/stop-mails/{about}/{mark}")

    def of_code(self, event: EmailGiven, at: Recorded) -> Mail:
        code = self._keys.code(at.aggregate_id, event.address)
        text = (
            f"Somebody wants to be told things at this address. If it is you, this is your code:\n\n"
            f"{'-'.join(code[start : start + 5] for start in range(0, len(code), 5))}\n\n"
            "It is good for an hour. If it is not you, there is nothing to do.\n"
        )
        return Mail(f"{at.id.replace(':', '.')}@{self._host}", event.address, "Your code", text)

    def of_booking(self, event: Announced, to: str, at: Recorded, index: int) -> Mail:
        """To one guest; nobody else is named in it."""
        meeting = event.meeting
        day, _, clock = event.wall.partition("T")
        lines = [
            f"{meeting.title}",
            f"{day}, {clock} ({meeting.zone}), {meeting.minutes} minutes",
            *([meeting.location] if meeting.location and event.change not in OVER else []),
            *(["", event.reason] if event.reason else []),
        ]
        stop = ""
        if event.change is Change.REMINDER and self._url:  # the others are needed for the booking itself
            about = f"{at.aggregate_id}/{reader(at.aggregate_id, to)}"
            mark = self._keys.stop(about, "reminders")
            lines += ["", f"No more reminders of this: {self._url}/ui/stop-reminders/{about}#{mark}"]
            stop = f"{self._url}/notice/stop-reminders/{about}/{mark}"
        return Mail(
            id=f"{at.id.replace(':', '.')}.{index}@{self._host}",
            to=to,
            subject=f"{SUBJECTS[event.change]}: {meeting.title}",
            text="\n".join(lines) + "\n",
            calendar=self._calendar(event, to, at),
            stop=stop,
        )

    def _calendar(self, event: Announced, to: str, at: Recorded) -> Calendar | None:
        """REQUEST or CANCEL: one UID always, SEQUENCE rising (RFC 5546, 3.2.2 and 3.2.5)."""
        if not event.confirmed or event.change not in REQUEST | CANCEL:
            return None
        import icalendar  # here: it takes longer to load than all the rest, and only the sender ever gets here

        method = "CANCEL" if event.change in CANCEL else "REQUEST"
        meeting = event.meeting
        entry = icalendar.Event()
        fields: dict[str, Any] = {
            "UID": f"{at.aggregate_id}@{self._mark}.septet",
            "SEQUENCE": meeting.sequence,
            "DTSTAMP": event.at,
            "DTSTART": meeting.start,
            "DTEND": meeting.start + timedelta(minutes=meeting.minutes),
            "SUMMARY": meeting.title,
            "STATUS": "CANCELLED" if method == "CANCEL" else "CONFIRMED",
        }
        for name, value in fields.items():
            entry.add(name, value)
        if meeting.location and method == "REQUEST":
            entry.add("LOCATION", meeting.location)
            if meeting.location.startswith("https://"):
                entry.add("URL", meeting.location)
        organizer = icalendar.vCalAddress(f"mailto:{parseaddr(self._sender)[1]}")
        organizer.params["CN"] = "Septet"
        entry.add("ORGANIZER", organizer)
        attendee = icalendar.vCalAddress(f"mailto:{to}")
        attendee.params["PARTSTAT"] = "NEEDS-ACTION"
        attendee.params["RSVP"] = "FALSE"
        entry.add("ATTENDEE", attendee)
        calendar = icalendar.Calendar()
        for name, value in (("PRODID", "-//Septet//Scheduling//EN"), ("VERSION", "2.0"), ("METHOD", method)):
            calendar.add(name, value)
        calendar.add_component(entry)
        return Calendar(method, calendar.to_ical())
