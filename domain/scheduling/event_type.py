"""Event types: what can be booked with a host, how long it takes, and under which conditions (S1)."""

import re
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from domain.kernel import Reason, Rejected
from domain.scheduling.zones import DAY, zone
from domain.text import check_line, is_blank, utf8_size

LONGEST = 7 * DAY  # minutes of a meeting
FURTHEST = 730  # days ahead
TEXT = 4_096  # bytes
QUESTIONS, REMINDERS, DURATIONS = 20, 8, 8
SEATS = 1_000
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_COLOUR = re.compile(r"#[0-9a-f]{6}")
_CURRENCY = re.compile(r"[A-Z]{3}")  # ISO 4217


class Place(StrEnum):
    """Where one meets."""

    PLACE = "place"
    PHONE = "phone"
    VIDEO = "video"
    ELSEWHERE = "elsewhere"  # to be agreed


@dataclass(frozen=True, slots=True)
class Location:
    kind: Place = Place.ELSEWHERE
    text: str = ""  # an address, a number, a link


@dataclass(frozen=True, slots=True)
class Question:
    """What the guest is asked; `choices` leave no other answers."""

    name: str
    text: str
    required: bool = False
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Horizon:
    """How far ahead one may book: so many days from now, or between two dates, both included."""

    days: int | None = 60
    first: date | None = None
    last: date | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """The most meetings of this type that begin in one day, week (from Monday, ISO 8601) or month."""

    day: int | None = None
    week: int | None = None
    month: int | None = None

    @property
    def any(self) -> bool:
        return self.day is not None or self.week is not None or self.month is not None


@dataclass(frozen=True, slots=True)
class EventType:
    """One kind of meeting. All lengths are minutes."""

    slug: str
    title: str
    durations: tuple[int, ...] = (30,)  # the first is the usual one
    schedule: str = "default"
    interval: int = 15  # from one slot's start to the next: on the wall clock, from where the opening begins
    buffer_before: int = 0
    buffer_after: int = 0
    notice: int = 0  # at least so long before the start
    zone: str = "UTC"  # whose days, weeks and months the horizon and the limits are of
    horizon: Horizon = Horizon()
    seats: int = 1  # guests at one meeting
    limits: Limits = Limits()
    confirmation: bool = False  # the host must say yes first
    pending_blocks: bool = True  # until then nobody else can have the time
    location: Location = Location()
    questions: tuple[Question, ...] = ()
    reminders: tuple[int, ...] = (DAY, 60)  # before the start
    description: str = ""
    colour: str = "#3366cc"
    price: int = 0  # minor units of the currency
    currency: str = "EUR"
    listed: bool = True  # on the public page; others are booked by a link
    active: bool = field(default=True)
    by_link: bool = False  # with a link of the host alone, which is good once


def check_slug(slug: str) -> None:
    """Raises Rejected("slug_invalid")."""
    if len(slug) > 64 or not _SLUG.fullmatch(slug):
        raise Rejected("slug_invalid", "Name it in small letters, digits and single dashes.", Reason.INVALID)


def check_event_type(each: EventType) -> None:
    """Raises Rejected where nobody could make sense of it."""
    check_slug(each.slug)
    check_line(each.title, "title", 100)
    check_slug(each.schedule)
    _check_lengths(each)
    _check_horizon(each.horizon)
    zone(each.zone)
    for most in (each.limits.day, each.limits.week, each.limits.month):
        _need(most is None or 1 <= most <= 10_000, "limits_invalid", "Limit it to 1 to 10,000 meetings, or not at all.")
    _need(1 <= each.seats <= SEATS, "seats_invalid", f"Offer 1 to {SEATS:,} seats.")
    _need(
        each.seats == 1 or not each.confirmation,
        "seats_invalid",
        "A meeting with several seats cannot wait for a confirmation.",
    )
    _need(
        _COLOUR.fullmatch(each.colour) is not None, "colour_invalid", "Give the colour in small letters as in #3366cc."
    )
    _need(0 <= each.price <= 10**12, "price_invalid", "Give the price in minor units, such as cents.")
    _need(_CURRENCY.fullmatch(each.currency) is not None, "currency_invalid", "Give the currency as in EUR.")
    check_text(each.description, "description")
    check_text(each.location.text, "location")
    check_questions(each.questions)


def check_questions(questions: tuple[Question, ...]) -> None:
    """Raises Rejected("questions_invalid") for too many, or such as nobody could tell apart."""
    _need(len(questions) <= QUESTIONS, "questions_invalid", f"Ask at most {QUESTIONS} questions.")
    names = [question.name for question in questions]
    _need(len(set(names)) == len(names), "questions_invalid", "Give each question a name of its own.")
    for question in questions:
        check_slug(question.name)
        check_line(question.text, "question", 300)
        _need(len(question.choices) <= 50, "questions_invalid", "Offer at most 50 choices.")
        for choice in question.choices:
            check_line(choice, "choice", 200)


def check_answers(each: EventType, answers: dict[str, str]) -> None:
    """Raises Rejected("answer_missing" or "answer_invalid") unless the guest's answers are to its questions."""
    check_answers_to(each.questions, answers)


def check_answers_to(questions: tuple[Question, ...], answers: dict[str, str]) -> None:
    """The same for any questions."""
    asked = {question.name: question for question in questions}
    _need(answers.keys() <= asked.keys(), "answer_invalid", "Answer only what is asked.")
    for name, question in asked.items():
        answer = answers.get(name, "")
        check_text(answer, "answer")
        if is_blank(answer):
            _need(not question.required, "answer_missing", f"Answer the question {name!r} as well.")
        else:
            fits = not question.choices or answer in question.choices
            _need(fits, "answer_invalid", f"Choose one of the answers to {name!r}.")


def check_text(text: str, what: str) -> None:
    """Raises Rejected("<what>_invalid") for a text of more than TEXT bytes."""
    _need(utf8_size(text) <= TEXT, f"{what}_invalid", f"Use at most {TEXT:,} bytes for the {what}.")


def _check_lengths(each: EventType) -> None:
    _need(
        0 < len(each.durations) <= DURATIONS
        and len(set(each.durations)) == len(each.durations)
        and all(1 <= minutes <= LONGEST for minutes in each.durations),
        "durations_invalid",
        f"Offer 1 to {DURATIONS} durations of 1 minute to {LONGEST // DAY} days.",
    )
    _need(1 <= each.interval <= DAY, "interval_invalid", "Let slots begin every 1 to 1,440 minutes.")
    for minutes in (each.buffer_before, each.buffer_after):
        _need(0 <= minutes <= DAY, "buffer_invalid", "Keep at most a day free around a meeting.")
    _need(0 <= each.notice <= FURTHEST * DAY, "notice_invalid", f"Ask for at most {FURTHEST} days' notice.")
    _need(
        len(each.reminders) <= REMINDERS
        and len(set(each.reminders)) == len(each.reminders)
        and all(1 <= minutes <= 30 * DAY for minutes in each.reminders),
        "reminders_invalid",
        f"Remind at most {REMINDERS} times, up to 30 days before.",
    )


def _check_horizon(horizon: Horizon) -> None:
    rolling = horizon.days is not None and horizon.first is None and horizon.last is None
    if rolling:
        _need(1 <= (horizon.days or 0) <= FURTHEST, "horizon_invalid", f"Look 1 to {FURTHEST} days ahead.")
        return
    ranged = horizon.days is None and horizon.first is not None and horizon.last is not None
    _need(
        ranged and horizon.first <= horizon.last,  # type: ignore[operator]
        "horizon_invalid",
        "Say how many days ahead one may book, or from which date to which.",
    )


def _need(fine: bool, code: str, detail: str) -> None:
    if not fine:
        raise Rejected(code, detail, Reason.INVALID)
