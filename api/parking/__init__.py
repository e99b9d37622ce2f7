"""The face of car parks: lots, availability, reservations, gates, and the article's own endpoints."""

from fastapi import APIRouter, Depends

from api.parking import arrange, article, gate, lots, money, reservations
from api.parking.lots import known_version

router = APIRouter(prefix="/parking", dependencies=[Depends(known_version)])
for each in (
    reservations,
    article,
    money,
    arrange,
    gate,
    lots,
):  # `/{lot_id}` takes what others left
    router.include_router(each.router)
