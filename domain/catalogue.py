"""Every aggregate of the house: a new one is registered here, in one line."""

from domain.chat import contacts, conversation, signals
from domain.identity import claim, person
from domain.kernel import Catalogue, aggregate
from domain.notice import invitation, recipient
from domain.parking import driver, ledger, lot, payment, payout
from domain.scheduling import calendar, erasure, follower, meeting, poll, team

CATALOGUE = Catalogue(
    [
        *(aggregate(claim), aggregate(person)),
        *(aggregate(conversation), aggregate(contacts)),
        *(aggregate(lot), aggregate(payment), aggregate(payout), aggregate(ledger), aggregate(driver)),
        *(aggregate(calendar), aggregate(meeting), aggregate(team), aggregate(poll), aggregate(follower)),
        aggregate(erasure),
        *(aggregate(recipient), aggregate(invitation)),
    ],
    signals=signals.SIGNALS,
)
