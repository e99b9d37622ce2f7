"""The tables of car parks: one for each question."""

from datetime import datetime, timedelta
from uuid import UUID

from infra.tables import Table

SLOT = 15 * 60_000_000  # microseconds: what a day's history is told by
BUCKET = 2 * 3_600_000_000  # microseconds: what is taken is looked up by the two hours it is taken in

LOTS = Table(
    "parking_lots",
    partition={"lot": UUID},
    columns={
        "owner": UUID,
        "name": str,
        "zone": str,
        "latitude": float,
        "longitude": float,
        "address": str,
        "levels": str,  # JSON, as the next four
        "spaces": str,
        "hours": str,
        "exceptions": str,
        "terms": str,
        "tariff": str,
        "tariff_version": int,
        "seen_at": datetime,  # of the last event that this row and the stock know of
        "version": int,
    },
)
LISTED = Table("parking_listed", partition={"shelf": str}, clustering={"lot": UUID}, columns={"name": str})
SHELF = "lots"
TARIFFS = Table("parking_tariffs", partition={"lot": UUID}, clustering={"version": int}, columns={"tariff": str})
STAFF = Table("parking_staff", partition={"lot": UUID}, clustering={"person": UUID}, columns={"since": datetime})
WORKPLACES = Table("parking_workplaces", partition={"person": UUID}, clustering={"lot": UUID}, columns={"role": str})
SPACES = Table(
    "parking_spaces",
    partition={"lot": UUID},
    clustering={"space": str},
    columns={"closed": bool, "reason": str, "ticket": UUID, "occupied": bool, "since": datetime},
)
TAKEN = Table(
    "parking_taken",
    partition={"lot": UUID, "bucket": int},
    clustering={"claim": UUID},
    columns={"stage": str, "pool": str, "start": int, "stop": int, "due": int},  # microseconds
)
PLANS = Table("parking_plans", partition={"lot": UUID}, columns={"plan": str})  # JSON
SUGGESTED = Table(
    "parking_suggested",
    partition={"lot": UUID},
    clustering={"space": str},
    columns={"reservation": UUID, "until": datetime},
)
RESERVATIONS = Table(
    "parking_reservations",
    partition={"reservation": UUID},
    columns={
        "lot": UUID,
        "holder": UUID,
        "status": str,
        "vehicle": str,
        "plate": str,
        "pool": str,
        "start": datetime,
        "stop": datetime,
        "price": int,
        "currency": str,
        "tariff_version": int,
        "expires": datetime,
        "made_at": datetime,
        "why": str,
        "fee": int,
        "compensation": int,
        "suggested": str,  # a space
        "suggested_until": datetime,
        "version": int,  # of the lot, at its last change
    },
)
MINE = Table(
    "parking_mine",
    partition={"person": UUID},
    clustering={"made": int, "reservation": UUID},
    columns={"lot": UUID},
    descending=True,
)
TICKETS = Table(
    "parking_tickets",
    partition={"ticket": UUID},
    columns={
        "lot": UUID,
        "holder": UUID,
        "vehicle": str,
        "space": str,
        "entered_at": datetime,
        "begin": datetime,
        "until": datetime,
        "grace": datetime,
        "tariff_version": int,
        "lost": bool,
        "overstayed_at": datetime,
        "exited_at": datetime,
        "closed": bool,
        "price": int,
        "paid": int,
        "currency": str,
    },
)
INSIDE = Table(
    "parking_inside",
    partition={"lot": UUID},
    clustering={"ticket": UUID},
    columns={"plate": str, "space": str, "vehicle": str, "since": datetime, "pool": str, "overstays": bool},
)
VALIDATIONS = Table(
    "parking_validations",
    partition={"ticket": UUID},
    clustering={"code": str},
    columns={"allowance": str, "value": int},
)
PAYMENTS = Table(
    "parking_paid",
    partition={"claim": UUID},
    clustering={"payment": UUID},
    columns={"amount": int, "state": str, "method": str, "currency": str},
)
DIARY = Table(
    "parking_diary",
    partition={"lot": UUID, "day": str},
    clustering={"micros": int, "entry": str},
    columns={"what": str, "subject": str, "actor": str, "detail": str},
    descending=True,
)
PLATES_KEPT = timedelta(days=30)  # from when a plate was read: then no read model knows it any more
TICKET_PLATES = Table("parking_ticket_plates", partition={"ticket": UUID}, columns={"plate": str}, ttl=PLATES_KEPT)
OBSERVATIONS = Table(
    "parking_observations",
    partition={"lot": UUID, "day": str},
    clustering={"micros": int, "observation": UUID},
    columns={"camera": str, "plate": str, "confidence": int, "match": UUID, "misread": int, "watched": bool},
    descending=True,
    ttl=PLATES_KEPT,
)
WATCHED = Table(
    "parking_watched",
    partition={"lot": UUID},
    clustering={"plate": str},
    columns={"reason": str, "by": UUID, "since": datetime},
)
INCIDENTS = Table(
    "parking_incidents",
    partition={"lot": UUID},
    clustering={"incident": UUID},
    columns={
        "kind": str,
        "note": str,
        "claim": UUID,
        "by": UUID,
        "reported_at": datetime,
        "closed_at": datetime,
        "closed_by": UUID,
        "outcome": str,
    },
)
OCCUPANCY = Table(
    "parking_occupancy",
    partition={"lot": UUID, "day": str},  # UTC
    clustering={"slot": int, "pool": str},  # quarters of an hour since 1970
    columns={"inside": int},  # at the end of the slot
)
VEHICLES = Table("parking_vehicles", partition={"person": UUID}, clustering={"plate": str}, columns={"vehicle": str})
FAVOURITES = Table(
    "parking_favourites", partition={"person": UUID}, clustering={"lot": UUID}, columns={"since": datetime}
)
ALL = [
    LOTS,
    LISTED,
    TARIFFS,
    STAFF,
    WORKPLACES,
    SPACES,
    TAKEN,
    PLANS,
    SUGGESTED,
    RESERVATIONS,
    MINE,
    TICKETS,
    INSIDE,
    VALIDATIONS,
    PAYMENTS,
    DIARY,
    TICKET_PLATES,
    OBSERVATIONS,
    WATCHED,
    INCIDENTS,
    OCCUPANCY,
    VEHICLES,
    FAVOURITES,
]
