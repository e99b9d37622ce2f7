"""Video meetings get their room: its address is noted once they are confirmed, and again where it is another one."""

from domain.scheduling.calendar import Approved, Booked, NoteRoom, Rescheduled, Status
from infra.video import VideoRooms
from processors.policies.rules import Rules, Then
from schemas.envelope import Recorded


def rules(rooms: VideoRooms) -> Rules:
    """The rules with the rooms of this installation."""

    def noted(event: Booked | Approved | Rescheduled, at: Recorded) -> list[Then]:
        address = address_in(rooms, event)
        return [Then(NoteRoom(event.booking, address, event.room), at.aggregate_id)] if address else []

    return {Booked: noted, Approved: noted, Rescheduled: noted}


def address_in(rooms: VideoRooms, event: Booked | Approved | Rescheduled) -> str:
    """Where they meet from now on; "" while it is not confirmed, or where they need no room of ours."""
    if event.room is None or (not isinstance(event, Approved) and event.status is not Status.CONFIRMED):
        return ""
    return rooms.address(event.room)
