"""Scheduling's face: settings, slots, bookings, teams, polls, what people share, and the article's endpoints."""

from fastapi import APIRouter

from api.scheduling import (
    article,
    bookings,
    connections,
    ical,
    leaving,
    links,
    overview,
    people,
    polls,
    series,
    settings,
    slots,
    teams,
    webhooks,
)

router = APIRouter(prefix="/scheduling")
for each in (
    settings,
    slots,
    bookings,
    series,
    links,
    polls,
    people,
    overview,
    teams,
    ical,
    webhooks,
    leaving,
    connections,
    article,
):
    router.include_router(each.router)
