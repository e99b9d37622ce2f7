"""What scheduling shows: calendars and their bookings, by host and by guest; teams and meetings."""

from projections.scheduling import calendars, people, teams
from projections.scheduling.tables import scheduling

__all__ = ["calendars", "people", "scheduling", "teams"]
