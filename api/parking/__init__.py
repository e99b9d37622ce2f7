"""The face of car parks: lots, availability, reservations, gates, money, feeds, and the article's own endpoints."""

from fastapi import APIRouter, Depends

from api.parking import arrange, article, driver, gate, guard, guide, history, lots, money, open_data, reservations
from api.parking.lots import known_version

ROUTERS = (
    reservations,
    article,
    money,
    driver,
    open_data,
    arrange,
    gate,
    guard,
    guide,
    history,
    lots,  # `/{lot_id}` takes what others left
)

router = APIRouter(prefix="/parking", dependencies=[Depends(known_version)])
for each in ROUTERS:
    router.include_router(each.router)
