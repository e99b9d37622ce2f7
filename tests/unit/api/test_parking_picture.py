"""A level of a car park as a picture: what is drawn, and that no name can be more than a name."""

from xml.etree import ElementTree

from api.parking.picture import picture
from domain.parking.guidance import route
from tests.unit.domain.test_parking_guidance import ALL, RING

SVG = "{http://www.w3.org/2000/svg}"


def test_spaces_are_drawn_as_they_stand_and_the_way_on_its_level() -> None:
    levels = {space: "1" if space == "V1" else "0" for space in ALL}
    way = route(RING, "C2", "in", "lift")
    drawn = ElementTree.fromstring(picture(RING, "0", {"C1": "occupied", "C2": "free"}, levels, way))
    rects = drawn.findall(f"{SVG}rect")
    assert [rect.findtext(f"{SVG}title") for rect in rects] == ["C1: occupied", "C2: free", "C3: free"]
    assert [rect.get("class") for rect in rects] == ["space", "space chosen", "space"]
    kinds = [line.get("class") for line in drawn.findall(f"{SVG}polyline")]
    assert (kinds.count("drive"), kinds.count("walk"), kinds.count("lane"), kinds.count("path")) == (4, 1, 6, 1)
    above = ElementTree.fromstring(picture(RING, "1", {}, levels, way))
    assert len(above.findall(f"{SVG}rect")) == 1
    assert not [line for line in above.findall(f"{SVG}polyline") if line.get("class") == "drive"]


def test_a_name_is_a_name() -> None:
    evil = "</title><script>alert(1)</script>"
    drawn = picture(RING, evil, {}, {"C1": evil, "C2": evil, "C3": evil}, None)
    assert "<script" not in drawn
    assert ElementTree.fromstring(drawn).findtext(f"{SVG}title") == f"Level {evil}"
