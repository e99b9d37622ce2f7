"""Policies: what follows from an event is a command to another aggregate, now or later."""

from processors.policies.chat import RULES as CHAT
from processors.policies.identity import RULES as IDENTITY
from processors.policies.parking import RULES as PARKING
from processors.policies.scheduling import RULES as SCHEDULING

RULES = {**IDENTITY, **CHAT, **PARKING, **SCHEDULING}
