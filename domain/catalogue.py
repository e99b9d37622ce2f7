"""Every aggregate of the house: a new one is registered here, in one line."""

from domain.chat import contacts, conversation, signals
from domain.identity import claim, person
from domain.kernel import Catalogue, aggregate
from domain.parking import lot

CATALOGUE = Catalogue(
    [aggregate(claim), aggregate(person), aggregate(conversation), aggregate(contacts), aggregate(lot)],
    signals=signals.SIGNALS,
)
