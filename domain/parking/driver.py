"""What a driver keeps: vehicles and favourite car parks."""

from dataclasses import dataclass, field, replace
from uuid import UUID

from domain.kernel import Context, Reason, Rejected
from domain.parking.plates import check_plate
from domain.parking.stock import Vehicle

VEHICLES, FAVOURITES = 20, 100


# Events. The aggregate's id is the person.


@dataclass(frozen=True, slots=True)
class VehicleAdded:
    """Also when only its class changed."""

    plate: str = field(metadata={"personal": "aggregate_id"})
    vehicle: Vehicle


@dataclass(frozen=True, slots=True)
class VehicleRemoved:
    plate: str = field(metadata={"personal": "aggregate_id"})


@dataclass(frozen=True, slots=True)
class FavouriteAdded:
    lot: UUID


@dataclass(frozen=True, slots=True)
class FavouriteRemoved:
    lot: UUID


Event = VehicleAdded | VehicleRemoved | FavouriteAdded | FavouriteRemoved


# Commands, all only by the driver.


@dataclass(frozen=True, slots=True)
class AddVehicle:
    plate: str = field(metadata={"personal": "aggregate_id"})
    vehicle: Vehicle


@dataclass(frozen=True, slots=True)
class RemoveVehicle:
    plate: str = field(metadata={"personal": "aggregate_id"})


@dataclass(frozen=True, slots=True)
class AddFavourite:
    lot: UUID


@dataclass(frozen=True, slots=True)
class RemoveFavourite:
    lot: UUID


Command = AddVehicle | RemoveVehicle | AddFavourite | RemoveFavourite


# State.


@dataclass(frozen=True, slots=True)
class Driver:
    vehicles: dict[str, Vehicle] = field(default_factory=dict, metadata={"personal": "aggregate_id"})
    favourites: frozenset[UUID] = frozenset()


INITIAL = Driver()


def evolve(driver: Driver, event: Event) -> Driver:
    match event:
        case VehicleAdded(plate=plate, vehicle=vehicle):
            return replace(driver, vehicles={**driver.vehicles, plate: vehicle})
        case VehicleRemoved(plate=plate):
            return replace(driver, vehicles={each: kind for each, kind in driver.vehicles.items() if each != plate})
        case FavouriteAdded(lot=lot):
            return replace(driver, favourites=driver.favourites | {lot})
        case FavouriteRemoved(lot=lot):
            return replace(driver, favourites=driver.favourites - {lot})


def decide(driver: Driver, command: Command, context: Context) -> list[Event]:
    if str(context.actor.person) != context.aggregate_id:
        raise Rejected("not_yours", "You can change only your own vehicles and favourites.", Reason.FORBIDDEN)
    match command:
        case AddVehicle(plate=plate, vehicle=vehicle):
            check_plate(plate)
            if plate not in driver.vehicles and len(driver.vehicles) >= VEHICLES:
                raise Rejected("too_many_vehicles", f"You have {VEHICLES} vehicles. Remove one first.")
            return [] if driver.vehicles.get(plate) == vehicle else [VehicleAdded(plate, vehicle)]
        case RemoveVehicle(plate=plate):
            return [VehicleRemoved(plate)] if plate in driver.vehicles else []
        case AddFavourite(lot=lot):
            if lot not in driver.favourites and len(driver.favourites) >= FAVOURITES:
                raise Rejected("too_many_favourites", f"You have {FAVOURITES} favourites. Remove one first.")
            return [] if lot in driver.favourites else [FavouriteAdded(lot)]
        case RemoveFavourite(lot=lot):
            return [FavouriteRemoved(lot)] if lot in driver.favourites else []
