"""The face of car parks: lots, availability, reservations, gates, and the article's own endpoints."""

from fastapi import APIRouter, Depends

from api.parking import arrange, article, gate, lots, reservations
from api.parking.lots import known_version

router = APIRouter(prefix="/parking", dependencies=[Depends(known_version)])
for each in (reservations, article, arrange, gate, lots):  # those with fixed paths first: `/{lot_id}` takes the rest
    router.include_router(each.router)
