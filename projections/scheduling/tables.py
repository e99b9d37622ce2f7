"""The rows of scheduling: calendars, bookings, teams, meetings of several."""

from datetime import datetime
from uuid import UUID

from infra.tables import Table
from projections.projection import Projection

CALENDARS = Table(
    "scheduling_calendars",
    partition={"calendar": UUID},
    columns={"owner": UUID, "kind": str, "name": str, "opened_at": datetime},
)
OWNED = Table(
    "scheduling_owned", partition={"owner": UUID}, clustering={"calendar": UUID}, columns={"kind": str, "name": str}
)
SETTINGS = Table(
    "scheduling_settings",
    partition={"calendar": UUID},
    clustering={"kind": str, "name": str},  # "event_type" and its slug, "schedule" and its name, …
    columns={"value": str},  # JSON of the domain's dataclass
)
# What takes time, to list the slots from: no word of the guests.
TAKEN = Table(
    "scheduling_taken",
    partition={"calendar": UUID, "month": int},  # of the start, in UTC: year * 12 + month
    clustering={"start": datetime, "booking": UUID},
    columns={
        "slug": str,
        "minutes": int,
        "buffer_before": int,
        "buffer_after": int,
        "seats": int,
        "status": str,
        "until": datetime,
        "blocks": bool,
    },
)
BOOKINGS = Table(
    "scheduling_bookings",
    partition={"booking": UUID},
    columns={
        "calendar": UUID,
        "slug": str,
        "title": str,
        "start": datetime,
        "minutes": int,
        "status": str,  # pending, confirmed, declined, cancelled
        "seats": int,
        "guest_name": str,
        "guest_email": str,
        "guest_person": UUID,
        "answers": str,  # JSON
        "others": str,  # JSON
        "zone": str,
        "wall": str,
        "tzdata": str,
        "location_kind": str,
        "location": str,
        "price": int,
        "currency": str,
        "meeting": UUID,
        "despite": str,  # JSON
        "overlaps": str,  # JSON
        "overlap_reason": str,
        "reason": str,  # of the latest change
        "by_host": bool,
        "sequence": int,
        "no_show": bool,
        "proof": bytes,
        "booked_at": datetime,
        "changed_at": datetime,
        "series": UUID,
        "public": bool,
    },
)
SERIES = Table("scheduling_series", partition={"series": UUID}, clustering={"booking": UUID})
HOSTED = Table(
    "scheduling_hosted",
    partition={"calendar": UUID, "month": int},
    clustering={"start": datetime, "booking": UUID},
)
MINE = Table(
    "scheduling_mine",
    partition={"person": UUID},
    clustering={"booking": UUID},
    columns={"calendar": UUID, "booked_at": datetime},
)
HISTORY = Table(
    "scheduling_history",
    partition={"booking": UUID},
    clustering={"micros": int},
    columns={"what": str, "was": datetime, "start": datetime, "by_host": bool, "reason": str},
)

# Teams. A member's turn is told by what they have had.
TEAMS = Table("scheduling_teams", partition={"team": UUID}, columns={"owner": UUID, "name": str})
TEAM_MEMBERS = Table(
    "scheduling_team_members",
    partition={"team": UUID},
    clustering={"calendar": UUID},
    columns={"weight": int, "priority": int, "joined": bool, "paused": bool, "credit": int},
)
TEAM_TYPES = Table(
    "scheduling_team_types", partition={"team": UUID}, clustering={"slug": str}, columns={"mode": str, "value": str}
)
ASSIGNED = Table(
    "scheduling_assigned",
    partition={"team": UUID},
    clustering={"calendar": UUID, "chosen": datetime, "meeting": UUID},
)
MEMBER_OF = Table(
    "scheduling_member_of", partition={"calendar": UUID}, clustering={"team": UUID}, columns={"joined": bool}
)
MEETINGS = Table(
    "scheduling_meetings",
    partition={"meeting": UUID},
    columns={
        "team": UUID,
        "stage": str,
        "title": str,
        "start": datetime,
        "minutes": int,
        "mode": str,
        "calendars": str,  # JSON: who is asked; once settled, who meets
        "guest_person": UUID,
        "proof": bytes,
        "code": str,
    },
)

# What is said about a booking and laid beside it.
NOTES = Table(
    "scheduling_notes",
    partition={"booking": UUID},
    clustering={"note": UUID},
    columns={
        "author": UUID,
        "by_host": bool,
        "name": str,
        "text": str,
        "media": str,
        "size": int,
        "digest": bytes,
        "written_at": datetime,
    },
)

# Who follows whom, and what of them is public.
FOLLOWS = Table("scheduling_follows", partition={"person": UUID}, clustering={"who": UUID})
FOLLOWERS = Table("scheduling_followers", partition={"who": UUID}, clustering={"person": UUID})
PUBLIC = Table("scheduling_public", partition={"calendar": UUID}, clustering={"booking": UUID})

# Where a person has said something, or voted: also what is gone by now.
SAID = Table("scheduling_said", partition={"author": UUID}, clustering={"booking": UUID, "note": UUID})
VOTED = Table("scheduling_voted", partition={"person": UUID}, clustering={"poll": UUID})
# Who wants nothing kept of them.
ERASURES = Table(
    "scheduling_erasures",
    partition={"person": UUID},
    columns={"done": bool, "asked_at": datetime, "done_at": datetime},
)

POLLS = Table(
    "scheduling_polls",
    partition={"poll": UUID},
    columns={
        "owner": UUID,
        "title": str,
        "slug": str,
        "minutes": int,
        "options": str,  # JSON
        "zone": str,
        "until": datetime,
        "stage": str,
        "booking": UUID,
        "code": str,  # why the time that was chosen could not be booked
    },
)
OWN_POLLS = Table("scheduling_own_polls", partition={"owner": UUID}, clustering={"poll": UUID})
BALLOTS = Table(
    "scheduling_ballots",
    partition={"poll": UUID},
    clustering={"voter": UUID},
    columns={"person": UUID, "name": str, "email": str, "opinions": str, "proof": bytes},
)

scheduling = Projection(
    "scheduling",
    version=3,
    systems=["scheduling"],
    tables=[
        CALENDARS,
        OWNED,
        SETTINGS,
        TAKEN,
        BOOKINGS,
        HOSTED,
        MINE,
        HISTORY,
        TEAMS,
        TEAM_MEMBERS,
        TEAM_TYPES,
        ASSIGNED,
        MEMBER_OF,
        MEETINGS,
        SERIES,
        NOTES,
        FOLLOWS,
        FOLLOWERS,
        PUBLIC,
        POLLS,
        OWN_POLLS,
        BALLOTS,
        SAID,
        VOTED,
        ERASURES,
    ],
)
