"""Tickets: what opens a stream by its address, where no header can be sent and anybody on the way may write it down."""

import time
from uuid import uuid4

from api.callers import Caller, Callers, Tokens
from api.problems import Problem
from api.secrets import Secrets

LIFE = 30  # seconds from a ticket's issue to the last moment it opens anything


class Tickets:
    """Each is good once, for seconds, and for nothing but a stream.

    It is signed, so one process takes what another has issued; that it was used is known where it was used.
    """

    def __init__(self, secrets: Secrets, callers: Callers) -> None:
        self._signed, self._callers = Tokens(secrets, "ticket"), callers
        self._used: dict[str, float] = {}  # until when it must be remembered

    def issue(self, caller: Caller) -> str:
        return self._signed.issue(caller, str(uuid4()))

    async def redeem(self, ticket: str) -> Caller:
        """Who got the ticket; raises Problem 401: `sign_in_first`, `ticket_expired` or `signed_out`."""
        caller, issued = self._signed.read(ticket)
        now = time.time()
        for old in [each for each, until in self._used.items() if until <= now]:
            del self._used[old]
        if ticket in self._used or issued + LIFE <= now:
            raise Problem(401, "ticket_expired", "A ticket is good once and for half a minute. Ask for another one.")
        self._used[ticket] = issued + LIFE
        await self._callers.check(caller, issued)
        return caller
