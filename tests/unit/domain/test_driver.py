"""A driver's vehicles and favourites, and which car park suits best."""

import pytest

from domain.kernel import Reason
from domain.parking.driver import (
    AddFavourite,
    AddVehicle,
    FavouriteAdded,
    FavouriteRemoved,
    RemoveFavourite,
    RemoveVehicle,
    VehicleAdded,
    VehicleRemoved,
)
from domain.parking.places import Offer, distance, ranked
from domain.parking.stock import Vehicle
from tests.scenario import ANN, BOB, given
from tests.unit.domain.lots import LOT, OTHER_PLATE, PLATE, reservation


def test_vehicles_come_go_and_change_their_class() -> None:
    one = given(to=ANN).when(AddVehicle(PLATE, Vehicle.CAR), by=ANN).then(VehicleAdded(PLATE, Vehicle.CAR))
    one.when(AddVehicle(PLATE, Vehicle.CAR), by=ANN).then()
    one.when(AddVehicle(PLATE, Vehicle.EV), by=ANN).then(VehicleAdded(PLATE, Vehicle.EV))
    one.when(RemoveVehicle(OTHER_PLATE), by=ANN).then()
    one.when(RemoveVehicle(PLATE), by=ANN).then(VehicleRemoved(PLATE))
    one.when(AddVehicle("B AB 1", Vehicle.CAR), by=ANN).rejected("plate_invalid")
    one.when(AddVehicle(PLATE, Vehicle.EV), by=BOB).rejected("not_yours", Reason.FORBIDDEN)


def test_there_is_an_end_to_what_one_keeps() -> None:
    many = given(*(VehicleAdded(f"DE:X{number}", Vehicle.CAR) for number in range(20)), to=ANN)
    many.when(AddVehicle(PLATE, Vehicle.CAR), by=ANN).rejected("too_many_vehicles")
    many.when(AddVehicle("DE:X1", Vehicle.EV), by=ANN).accepted()
    liked = given(*(FavouriteAdded(reservation(number)) for number in range(100)), to=ANN)
    liked.when(AddFavourite(LOT), by=ANN).rejected("too_many_favourites")


def test_favourites() -> None:
    one = given(to=ANN).when(AddFavourite(LOT), by=ANN).then(FavouriteAdded(LOT))
    one.when(AddFavourite(LOT), by=ANN).then()
    one.when(RemoveFavourite(LOT), by=ANN).then(FavouriteRemoved(LOT))


def test_the_distance_along_the_great_circle() -> None:
    # A quarter of a meridian, and Berlin to Paris (Alexanderplatz to the Louvre).
    assert distance(0, 0, 90, 0) == pytest.approx(10_007_557, rel=1e-6)
    assert distance(52.5219, 13.4132, 48.8606, 2.3376) == pytest.approx(878_000, rel=0.005)


def test_room_comes_first_then_favourites_then_what_is_near() -> None:
    full, near = Offer(reservation(1), 0, 100, 1.0, True), Offer(reservation(2), 3, 100, 50.0, False)
    liked, cheap = Offer(reservation(3), 1, 100, 900.0, True), Offer(reservation(4), 9, 50, 50.0, False)
    assert ranked([full, near, liked, cheap]) == [liked, cheap, near, full]
