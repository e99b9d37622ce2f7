"""What became of a command whose answer did not come in time."""

from typing import Any

from fastapi import APIRouter, Response

from api.callers import Have, SignedIn
from api.problems import not_found

router = APIRouter(prefix="/commands", tags=["commands"])


@router.get("/{system}/{aggregate}/{aggregate_id}/{command_id}")
async def outcome(
    system: str, aggregate: str, aggregate_id: str, command_id: str, caller: SignedIn, have: Have, response: Response
) -> dict[str, Any]:
    """The answer to one of the caller's own commands: as it was given, a refusal included. 202 while it is pending."""
    if system not in have.systems:
        raise not_found()
    decision = await have.gateway.inquire(system, f"{aggregate}/{aggregate_id}", command_id, caller.actor)
    if decision.position:
        response.headers["Septet-Position"] = decision.position
    response.headers["ETag"] = f'"{decision.version}"'
    return {"status": "accepted", "position": decision.position, "version": decision.version}
