"""The price of a stay: a pure function of a tariff and of what was done when, exact to the minor unit.

Units tick from the beginning of each use. A unit costs what the rate says that holds when it starts; whoever starts it
pays it. Elapsed time is counted on the UTC line, so a day of 25 hours has 25 of them; windows, days and calendar caps
are those of the wall clock.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from domain.instants import EPOCH
from domain.parking.tariff import DAY, HOLIDAY, Allowance, EarlyBird, Rate, Tariff, Use, Validation

HOUR = 3_600  # seconds; sums are kept in 3,600ths of a minor unit, so that no step of an hourly price is rounded
WHOLE = 10_000  # a tax of 100 %


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a stay, half-open, in one use."""

    start: datetime
    end: datetime
    use: Use = Use.PARKING


@dataclass(frozen=True, slots=True)
class Line:
    """What was paid for what: all of one rate, or a fee."""

    what: (
        str  # "parking", "charging", "reservation", "fee", "penalty", "early bird", "lost ticket", "validation <code>"
    )
    seconds: int  # that were billed
    amount: int  # minor units, as the tariff gives prices: with or without tax


@dataclass(frozen=True, slots=True)
class Price:
    """Minor units of a currency. net + tax = gross, always."""

    currency: str
    net: int
    tax: int
    gross: int
    lines: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True)
class _Charge:
    what: str
    seconds: int
    amount: int  # 3,600ths
    tax: int


def price(
    tariff: Tariff, segments: Sequence[Segment], validations: Sequence[Validation] = (), *, lost: bool = False
) -> Price:
    """What a stay costs. Segments touch or follow each other; one that is split says the same as the whole.

    Rules follow the Tariffs module of OCPI 2.2.1 (first matching element, steps, taxes per element), with the caps,
    flats, early birds, penalties and validations that car parks have beside them.
    """
    parts = _merged(segments)
    charges = _stay(tariff, parts, validations) if parts else []
    if lost:
        charges = _at_least(charges, tariff.lost_ticket * HOUR, tariff.lost_tax)
    charges = _discounted(charges, validations)
    return _summed(tariff, charges)


def _stay(tariff: Tariff, parts: list[Segment], validations: Sequence[Validation]) -> list[_Charge]:
    begin, end = parts[0].start, parts[-1].end
    elapsed = sum((each.end - each.start for each in parts), timedelta())
    charges: list[_Charge] = []
    if elapsed > timedelta(seconds=tariff.free):
        given = sum(each.value for each in validations if each.allowance is Allowance.SECONDS)
        charges = list(_ticks(tariff, parts, begin + timedelta(seconds=given)))
        if charges and tariff.fee:
            charges.insert(0, _Charge("fee", 0, tariff.fee * HOUR, tariff.fee_tax))
        bird = tariff.early_bird
        if bird and _is_early(tariff, bird, begin, end) and _total(charges) > bird.price * HOUR:
            charges = [_Charge("early bird", elapsed // timedelta(seconds=1), bird.price * HOUR, bird.tax)]
    if tariff.max_stay and elapsed > timedelta(seconds=tariff.max_stay) and tariff.penalty:
        charges.append(_Charge("penalty", 0, tariff.penalty * HOUR, tariff.penalty_tax))
    return charges


def _merged(segments: Sequence[Segment]) -> list[Segment]:
    """The same stay in as few segments as can say it, in order, without empty ones."""
    found: list[Segment] = []
    for each in sorted((each for each in segments if each.start < each.end), key=lambda each: each.start):
        last = found[-1] if found else None
        if last and last.use is each.use and each.start <= last.end:
            found[-1] = Segment(last.start, max(last.end, each.end), each.use)
        else:
            found.append(each)
    return found


def _ticks(tariff: Tariff, parts: list[Segment], paid_from: datetime) -> Iterator[_Charge]:
    """Each run of units of one rate inside one day, cut by the caps."""
    zone = _zone(tariff.zone)
    begin = parts[0].start.astimezone(UTC)
    by_day: dict[date, int] = {}
    by_turn: dict[int, int] = {}
    ended = dict.fromkeys(Use, begin)  # flats: until when a use is paid for
    for part in parts:
        at, stop = max(part.start, paid_from, ended[part.use]).astimezone(UTC), part.end.astimezone(UTC)
        while at < stop:
            local = at.astimezone(zone)
            stayed = (at - begin) // timedelta(seconds=1)
            turn = stayed // 86_400
            edge = min(stop, begin + timedelta(seconds=(turn + 1) * 86_400), _midnight(local.date(), zone, 1))
            rate, edge = _rate_at(tariff, part.use, at, local, stayed, begin, edge, zone)
            if rate is None:
                at = edge
                continue
            if rate.flat:
                amount, seconds = rate.price * HOUR, (edge - at) // timedelta(seconds=1)
                _, following = _window(rate, local, zone)
                ended[part.use] = at = following
            else:
                count = -(-(edge - at) // timedelta(seconds=rate.step))  # units that start before the edge
                amount, seconds = rate.price * rate.step * count, rate.step * count
                at += timedelta(seconds=seconds)
            day = local.date()
            if tariff.day_cap:
                amount = min(amount, tariff.day_cap * HOUR - by_day.get(day, 0))
            if tariff.rolling_cap:
                amount = min(amount, tariff.rolling_cap * HOUR - by_turn.get(turn, 0))
            by_day[day] = by_day.get(day, 0) + amount
            by_turn[turn] = by_turn.get(turn, 0) + amount
            yield _Charge(part.use.value, seconds, amount, rate.tax)


def _rate_at(
    tariff: Tariff,
    use: Use,
    at: datetime,
    local: datetime,
    stayed: int,
    begin: datetime,
    edge: datetime,
    zone: ZoneInfo,
) -> tuple[Rate | None, datetime]:
    """The rate that holds at an instant, and until when nothing about that can change (at most `edge`)."""
    found: Rate | None = None
    for rate in tariff.rates:
        if rate.use is not use:
            continue
        for limit in (rate.after, rate.until):
            if limit > stayed:
                edge = min(edge, begin + timedelta(seconds=limit))
        opens, closes = _window(rate, local, zone)
        inside = opens <= at < closes
        if not inside and opens > at:
            edge = min(edge, opens)
        elif inside:
            edge = min(edge, closes)
        fits = inside and rate.after <= stayed and (not rate.until or stayed < rate.until)
        if found is None and fits and _is_day(rate, tariff, _opening_day(rate, local)):
            found = rate
    return found, edge


def _window(rate: Rate, local: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The rate's window around a local instant, or the next one of that day, in UTC."""
    day = _opening_day(rate, local)
    if rate.start == rate.end:
        return _midnight(day, zone, 0), _midnight(day, zone, 1)
    over = rate.end < rate.start
    return _at(day, rate.start, zone), _at(day + timedelta(days=over), rate.end, zone)


def _opening_day(rate: Rate, local: datetime) -> date:
    """The day on which the window began that a local instant is in: of a night, maybe the day before."""
    minute = local.hour * 60 + local.minute
    over = rate.end < rate.start and minute < rate.end
    return local.date() - timedelta(days=over)


def _is_day(rate: Rate, tariff: Tariff, day: date) -> bool:
    if rate.dates and day not in rate.dates:
        return False
    return not rate.days or _weekday(tariff, day) in rate.days


def _weekday(tariff: Tariff, day: date) -> int:
    return HOLIDAY if day in tariff.holidays else day.weekday()


def _is_early(tariff: Tariff, bird: EarlyBird, begin: datetime, end: datetime) -> bool:
    zone = _zone(tariff.zone)
    came, left = begin.astimezone(zone), end.astimezone(zone)
    minute = came.hour * 60 + came.minute
    on_a_day = not bird.days or _weekday(tariff, came.date()) in bird.days
    return on_a_day and bird.enter_from <= minute < bird.enter_to and left <= _at(came.date(), bird.leave_by, zone)


def _at_least(charges: list[_Charge], least: int, tax: int) -> list[_Charge]:
    return charges if _total(charges) >= least else [_Charge("lost ticket", 0, least, tax)]


def _discounted(charges: list[_Charge], validations: Sequence[Validation]) -> list[_Charge]:
    """Percentages first, then amounts; nothing falls below zero, and taxes fall with what they are on."""
    for each in validations:
        if each.allowance is Allowance.PERCENT:
            charges = _times(charges, 100 - each.value, 100)
    for each in validations:
        if each.allowance is Allowance.AMOUNT and (total := _total(charges)):
            charges = _times(charges, max(0, total - each.value * HOUR), total)
    return charges


def _times(charges: list[_Charge], numerator: int, denominator: int) -> list[_Charge]:
    """The charges in proportion; what rounding leaves over is in the last, so that the sum is exact."""
    wanted = -(-_total(charges) * numerator // denominator)
    found, so_far = [], 0
    for number, each in enumerate(charges, start=1):
        amount = wanted - so_far if number == len(charges) else each.amount * numerator // denominator
        so_far += amount
        found.append(_Charge(each.what, each.seconds, amount, each.tax))
    return found


def _total(charges: Sequence[_Charge]) -> int:
    return sum(each.amount for each in charges)


def _summed(tariff: Tariff, charges: Sequence[_Charge]) -> Price:
    """Rounded once, half up: the prices as the tariff says them, and the tax on top or inside."""
    total = _total(charges)
    lines = tuple(_lines(charges))
    if tariff.tax_included:
        gross = _rounded(total, HOUR)
        tax = sum(_rounded(amount * rate, HOUR * (WHOLE + rate)) for rate, amount in _by_tax(charges))
        return Price(tariff.currency, gross - tax, tax, gross, lines)
    net = _rounded(total, HOUR)
    gross = _rounded(sum(amount * (WHOLE + rate) for rate, amount in _by_tax(charges)), HOUR * WHOLE)
    return Price(tariff.currency, net, gross - net, gross, lines)


def _by_tax(charges: Sequence[_Charge]) -> list[tuple[int, int]]:
    sums: dict[int, int] = {}
    for each in charges:
        sums[each.tax] = sums.get(each.tax, 0) + each.amount
    return sorted(sums.items())


def _lines(charges: Sequence[_Charge]) -> Iterator[Line]:
    sums: dict[str, tuple[int, int]] = {}
    for each in charges:
        seconds, amount = sums.get(each.what, (0, 0))
        sums[each.what] = (seconds + each.seconds, amount + each.amount)
    for what, (seconds, amount) in sums.items():
        yield Line(what, seconds, _rounded(amount, HOUR))


def _rounded(numerator: int, denominator: int) -> int:
    return (2 * numerator + denominator) // (2 * denominator)


@lru_cache(maxsize=256)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


@lru_cache(maxsize=4_096)
def _at(day: date, minute: int, zone: ZoneInfo) -> datetime:
    """The instant at which a wall clock first shows this minute of the day, or would have, had it not been put on."""
    days, rest = divmod(minute, DAY)
    local = datetime.combine(day + timedelta(days=days), time(rest // 60, rest % 60), zone)
    return local.astimezone(UTC)


def _midnight(day: date, zone: ZoneInfo, days: int) -> datetime:
    return _at(day, days * DAY, zone)


def stay(start: int, end: int, use: Use = Use.PARKING) -> list[Segment]:
    """One segment from and to microseconds since 1970."""
    return [Segment(EPOCH + timedelta(microseconds=start), EPOCH + timedelta(microseconds=end), use)]
