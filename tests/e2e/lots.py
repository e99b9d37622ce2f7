"""Car parks as their owners set them up over HTTP."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.e2e.people import Person

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
TARIFF = {"currency": "EUR", "zone": "Europe/Berlin", "rates": [{"price": 200, "tax": 1900}]}


@dataclass
class Lot:
    """A car park and who runs it."""

    owner: Person
    id: str

    @classmethod
    async def opened(
        cls,
        owner: Person,
        cars: int,
        *,
        spaces: Mapping[str, int] | None = None,
        tariff: dict[str, Any] | None = TARIFF,
        **terms: Any,
    ) -> "Lot":
        """With so many spaces for cars and one for a motorcycle, or with `spaces` of each pool."""
        place = {"name": "Main", "zone": "Europe/Berlin", "latitude": 52.5, "longitude": 13.4, "address": "Main St 1"}
        lot = cls(owner, (await owner.ask("POST", "/parking/lots", 201, json=place))["lot_id"])
        places = [
            {"name": f"{pool[0].upper()}{number:04d}", "level": "0", "pool": pool}
            for pool, count in (spaces or {"car": cars, "motorcycle": 1}).items()
            for number in range(count)
        ]
        await lot.change("PUT", "layout", 204, json={"levels": [{"name": "0"}], "spaces": places})
        if tariff is not None:
            await lot.change("PUT", "tariff", json=tariff)
        if terms:
            await lot.change("PUT", "terms", 204, json=terms)
        return lot

    async def change(self, method: str, path: str, expected: int = 200, **rest: Any) -> Any:
        return await self.owner.ask(method, f"/parking/{self.id}/{path}", expected, **rest)

    async def enter(self, number: str, expected: int = 201, **more: Any) -> Any:
        body = {"plate": {"number": number, "country": "DE"}, **more}
        return await self.change("POST", "gate/entry", expected, json=body)

    async def leave(self, number: str, expected: int = 200) -> Any:
        body = {"plate": {"number": number, "country": "DE"}}
        return await self.change("POST", "gate/exit", expected, json=body)

    async def free(self, person: Person, start: datetime, end: datetime | None = None) -> dict[str, Any]:
        query = {"timestamp": start.isoformat()} | ({"end": end.isoformat()} if end else {})
        found: dict[str, Any] = await person.ask("GET", f"/parking/{self.id}/availability", params=query)
        return found


def soon(hours: float = 24) -> datetime:
    return datetime.now(UTC).replace(microsecond=0) + hours * HOUR


def interval(start: datetime, hours: float = 1) -> dict[str, str]:
    return {"start": start.isoformat(), "end": (start + hours * HOUR).isoformat()}
