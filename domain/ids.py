"""What the ids of aggregates look like."""

from uuid import UUID

from domain.kernel import Reason, Rejected


def check_uuid(aggregate_id: str) -> None:
    """Raises Rejected("id_invalid") unless it is a UUID in its one canonical form."""
    try:
        if str(UUID(aggregate_id)) == aggregate_id:
            return
    except ValueError:
        pass
    raise Rejected("id_invalid", "An id is a UUID in lower case.", Reason.INVALID)
