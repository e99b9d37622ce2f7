"""An installation opened for a command of the command line."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import TypeVar

from infra.logging import configure
from infra.settings import Settings
from septet import roles
from septet.composition import House, build
from septet.loading import loading

T = TypeVar("T")


def unprepared(settings: Settings | None = None) -> House:
    """The installation that the settings name, as it is."""
    settings = settings or Settings()
    configure(settings.log_level, settings.log_json)
    return _built(settings)


def _built(settings: Settings) -> House:
    with loading():
        return build(settings)


def opened(settings: Settings | None = None) -> House:
    """The installation that the settings name, with everything made that was missing."""
    house = unprepared(settings)
    roles.prepare(house)
    return house


def done(work: Callable[[House], Awaitable[T]], settings: Settings | None = None) -> T:
    """What `work` answers for the installation, which is closed afterwards; logs warnings, on stderr."""
    settings = settings or Settings()
    configure("WARNING" if settings.log_level == "INFO" else settings.log_level, settings.log_json, sys.stderr)
    house = _built(settings)
    roles.prepare(house)

    async def run() -> T:
        try:
            return await work(house)
        finally:
            await house.tables.close()

    try:
        return asyncio.run(run())
    finally:
        house.close()
