"""What parking costs, as an operator writes it down: rates by use, day, hour and length of stay, caps, flats, taxes.

Money is integers in the currency's minor unit. A published tariff never changes; a new version takes its place.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from domain.kernel import Reason, Rejected

HOLIDAY = 7  # the weekday of a holiday; 0 is Monday
DAY = 1_440  # minutes
RATES = 60
DATES = 400
DEAREST = 10**9  # minor units: no single price is above it
LONGEST = 400 * 86_400  # seconds

# ISO 4217, list one: the currencies whose minor unit is not a hundredth.
_EXPONENTS = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV"), 0),
    **dict.fromkeys(("XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}


def exponent(currency: str) -> int:
    """How many decimal digits the currency's minor unit stands for."""
    return _EXPONENTS.get(currency, 2)


class Use(StrEnum):
    """What a vehicle does with its space for a while; each use has rates of its own."""

    PARKING = "parking"
    CHARGING = "charging"
    RESERVATION = "reservation"  # the space waits for it


@dataclass(frozen=True, slots=True)
class Rate:
    """A price and when it holds. Of the rates of a use, the first that holds at an instant counts."""

    price: int  # minor units an hour; of a flat: for one whole window
    step: int = 3_600  # seconds; each started one is paid
    flat: bool = False
    use: Use = Use.PARKING
    days: tuple[int, ...] = ()  # 0 Monday … 6 Sunday, 7 a holiday; none: every day
    dates: tuple[date, ...] = ()  # only on these days: an event
    start: int = 0  # minutes of the local day; a window that ends before it starts goes over midnight
    end: int = 0  # equal to `start`: the whole day
    after: int = 0  # seconds of the stay from which on it holds
    until: int = 0  # seconds of the stay to which it holds; 0: to its end
    tax: int = 0  # hundredths of a per cent


@dataclass(frozen=True, slots=True)
class EarlyBird:
    """Whoever comes early and leaves the same day pays at most this."""

    price: int
    enter_from: int  # minutes of the local day
    enter_to: int
    leave_by: int
    days: tuple[int, ...] = ()
    tax: int = 0


@dataclass(frozen=True, slots=True)
class Tariff:
    currency: str
    rates: tuple[Rate, ...]
    zone: str = "UTC"  # whose local time the windows and days are in
    fee: int = 0  # once, whenever something is to be paid at all
    fee_tax: int = 0
    free: int = 0  # seconds: a stay of at most so long costs nothing
    day_cap: int = 0  # the most for one calendar day; 0: none
    rolling_cap: int = 0  # the most for each 24 hours of the stay; 0: none
    early_bird: EarlyBird | None = None
    max_stay: int = 0  # seconds; 0: no limit
    penalty: int = 0  # for staying longer than that
    penalty_tax: int = 0
    lost_ticket: int = 0  # the least somebody pays whose ticket is lost
    lost_tax: int = 0
    holidays: tuple[date, ...] = ()
    tax_included: bool = True


class Allowance(StrEnum):
    """What a validation takes off."""

    SECONDS = "seconds"  # from the beginning of the stay
    PERCENT = "percent"
    AMOUNT = "amount"  # minor units


@dataclass(frozen=True, slots=True)
class Validation:
    """A discount that a shop, a voucher or an attendant gives."""

    code: str
    allowance: Allowance
    value: int


def check_tariff(tariff: Tariff) -> None:
    """Raises Rejected("tariff_invalid") unless every price can be computed with it."""
    rates, bird = tariff.rates, tariff.early_bird
    _check(len(tariff.currency) == 3 and tariff.currency.isascii() and tariff.currency.isupper(), "currency")
    _check(is_zone(tariff.zone), "zone")
    _check(0 < len(rates) <= RATES and len(tariff.holidays) <= DATES, "number of rates or holidays")
    taxes = [tariff.fee_tax, tariff.penalty_tax, tariff.lost_tax, *(each.tax for each in rates)]
    prices = [tariff.fee, tariff.day_cap, tariff.rolling_cap, tariff.penalty, tariff.lost_ticket]
    prices += [each.price for each in rates] + ([bird.price] if bird else [])
    _check(all(0 <= each <= DEAREST for each in prices), "price")
    _check(all(0 <= each <= 100_00 for each in taxes + ([bird.tax] if bird else [])), "tax")
    _check(all(0 <= each <= LONGEST for each in (tariff.free, tariff.max_stay)), "length of stay")
    for rate in rates:
        _check(60 <= rate.step <= 31 * 86_400, "step")
        _check(0 <= rate.start < DAY and 0 <= rate.end <= DAY, "window")
        _check(0 <= rate.after <= LONGEST and (rate.until == 0 or rate.after < rate.until <= LONGEST), "stay")
        _check(len(rate.dates) <= DATES and set(rate.days) <= set(range(HOLIDAY + 1)), "day")
    if bird:
        _check(0 <= bird.enter_from < bird.enter_to <= bird.leave_by <= DAY, "early bird")
        _check(set(bird.days) <= set(range(HOLIDAY + 1)), "day")


def check_validation(validation: Validation) -> None:
    """Raises Rejected("validation_invalid") unless it takes something off, and not more than all."""
    most = {Allowance.SECONDS: LONGEST, Allowance.PERCENT: 100, Allowance.AMOUNT: DEAREST}[validation.allowance]
    if not (0 < validation.value <= most and 0 < len(validation.code) <= 64):
        raise Rejected("validation_invalid", "Give a code, and a value that takes something off.", Reason.INVALID)


def is_zone(name: str) -> bool:
    """Whether this names a time zone of the IANA database."""
    try:
        return bool(name) and ZoneInfo(name) is not None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False


def _check(holds: bool, what: str) -> None:
    if not holds:
        raise Rejected("tariff_invalid", f"The tariff has a {what} that cannot be.", Reason.INVALID)
