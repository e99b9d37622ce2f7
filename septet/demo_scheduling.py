"""The demo's calendars: a team of five over a month in which the clocks change, the same for every run of a season."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any, Protocol

from domain.scheduling.zones import DAY, instant_of, minute_of, wall_of, zone

BERLIN = "Europe/Berlin"
TEAM = 5
PER_WEEK = 4  # single bookings of each host
GUESTS = (("Ada Lovelace", "Europe/London"), ("Grace Hopper", "America/New_York"), ("Katherine Johnson", "Asia/Tokyo"))
WORKDAYS = tuple(
    {"weekday": day, "opens": opens, "closes": closes}
    for day in range(1, 6)
    for opens, closes in ((540, 720), (780, 1020))
)
TYPES: Mapping[str, dict[str, Any]] = {
    "intro": {"title": "Getting to know each other", "durations": [30], "interval": 30, "colour": "#2b8a3e"},
    "consultation": {"title": "Consultation", "durations": [60], "interval": 30, "buffer_after": 15, "price": 9_000},
    "interview": {"title": "Interview", "durations": [45], "interval": 15, "confirmation": True, "colour": "#c92a2a"},
}


class Ask(Protocol):
    """Asks the API something as the one with this token; a key makes a repeat one. A refusal ends the demo."""

    def __call__(
        self, method: str, path: str, token: str, *, key: str = "", allowed: Sequence[int] = (), **rest: object
    ) -> dict[str, Any]: ...


def change_after(now: datetime) -> date:
    """The day of the first change of Berlin's clocks that is more than half a month ahead."""
    clocks = zone(BERLIN)
    soonest = minute_of(now) + 16 * DAY
    return clocks.day(next(each for each in clocks.begins if each > soonest))


def load(ask: Ask, hosts: Sequence[tuple[str, str]]) -> date:
    """Fills the calendars of the first five of `hosts`, each an id and a token; answers the day of the change."""
    team_of, changes = hosts[:TEAM], change_after(datetime.now(UTC))
    monday = changes - timedelta(days=changes.isoweekday() - 1 + 14)
    chance = Random(changes.toordinal())
    horizon = {"first": monday.isoformat(), "last": (monday + timedelta(days=34)).isoformat()}
    for host, token in team_of:
        path = f"/scheduling/calendars/{host}"
        ask("PUT", f"{path}/schedules/default", token, json={"zone": BERLIN, "weekly": WORKDAYS})
        for slug, body in TYPES.items():
            ask("PUT", f"{path}/event-types/{slug}", token, json={**body, "zone": BERLIN, "horizon": horizon})
        for week in range(5):
            for number, start in enumerate(_starts(chance, monday + timedelta(weeks=week))):
                _book(ask, path, chance, f"{changes}/{host}/{week}/{number}", start)
    _together(ask, team_of, monday, horizon)
    return changes


def _starts(chance: Random, monday: date) -> list[datetime]:
    """Some times of a week, at which a meeting of up to an hour and its buffer fit."""
    hours = [(day, hour) for day in range(5) for hour in (9, 10, 13, 14)]
    return [_instant(monday + timedelta(days=day), hour) for day, hour in sorted(chance.sample(hours, PER_WEEK))]


def _book(ask: Ask, path: str, chance: Random, key: str, start: datetime) -> None:
    (name, where), slug = chance.choice(GUESTS), chance.choice(list(TYPES))
    body = {
        "event_type": slug,
        "start": start.isoformat(),
        "minutes": TYPES[slug]["durations"][0],
        "zone": where,
        "name": name,
        "email": f"{name.split()[0].lower()}@example.org",
    }
    ask("POST", f"{path}/bookings", "", key=key, allowed=(409,), json=body)  # 409: of an earlier demo


def _together(ask: Ask, hosts: Sequence[tuple[str, str]], monday: date, horizon: dict[str, str]) -> None:
    """A team with a round robin, a series across the change, a poll, and a talk that is public."""
    owner, token = hosts[0]
    team = ask("POST", "/scheduling/teams", token, key="team", json={"name": "Customer care"})["team_id"]
    for mode, title in (("round_robin", "Talk to one of us"), ("collective", "Meet all of us")):
        body = {"title": title, "interval": 30, "mode": mode, "zone": BERLIN, "horizon": horizon}
        ask("PUT", f"/scheduling/teams/{team}/event-types/{mode.replace('_', '-')}", token, json=body)
    for host, own in hosts:
        ask("PUT", f"/scheduling/teams/{team}/members/{host}", token, json={})
        ask("PUT", f"/scheduling/calendars/{host}/teams/{team}", own)
        if host != owner:
            ask("PUT", f"/scheduling/follows/{owner}", own)
    path, first = f"/scheduling/calendars/{owner}", _instant(monday, 16)
    guest = {"name": "Ada Lovelace", "email": "ada@example.org", "zone": BERLIN}
    weekly: dict[str, object] = {"event_type": "intro", "start": first.isoformat(), **guest}
    weekly |= {"repeat": {"frequency": "weekly", "count": 5}, "leave_out": True}
    ask("POST", f"{path}/series", "", key=f"series {monday}", allowed=(409,), json=weekly)
    talk = {"event_type": "consultation", "start": _instant(monday + timedelta(days=2), 15).isoformat(), "minutes": 60}
    made = ask("POST", f"{path}/bookings", "", key=f"talk {monday}", allowed=(409,), json={**talk, **guest})
    if "booking_id" in made:
        ask("PUT", f"{path}/bookings/{made['booking_id']}/public", token, allowed=(404,), json={"public": True})
    options = [_instant(monday + timedelta(days=day), 11).isoformat() for day in (7, 8, 9)]
    until = min(_instant(monday, 0), datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + MONTH)
    poll = {"title": "Summer party", "event_type": "intro", "options": options, "zone": BERLIN}
    ask("POST", "/scheduling/polls", token, key=f"poll {until}", json={**poll, "until": until.isoformat()})


MONTH = timedelta(days=30)


def _instant(day: date, hour: int) -> datetime:
    return instant_of(zone(BERLIN).begin(wall_of(day, hour * 60)))
