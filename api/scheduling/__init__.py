"""Scheduling's face: settings, slots, bookings, and the article's endpoints."""

from fastapi import APIRouter

from api.scheduling import article, bookings, ical, settings, slots, teams

router = APIRouter(prefix="/scheduling")
for each in (settings, slots, bookings, teams, ical, article):
    router.include_router(each.router)
