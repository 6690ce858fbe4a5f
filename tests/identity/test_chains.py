"""What holds two identifiers together."""

from __future__ import annotations

from jobs.identity.chains import CERTAIN, Link, chain, skeleton


def link(one: str, other: str, strength: float) -> Link:
    return Link(one, other, strength, f"{one}{other}")


def ends(links: list[Link]) -> list[tuple[str, str, float]]:
    return [(of.left, of.right, of.strength) for of in links]


def test_the_way_is_the_one_whose_weakest_link_is_strongest() -> None:
    links = [link("a", "b", 1), link("a", "c", 5), link("c", "d", 4), link("d", "b", 3)]
    assert ends(chain(links, "a", "b")) == [("a", "c", 5), ("c", "d", 4), ("d", "b", 3)]


def test_of_ways_that_are_even_the_shortest_is_taken() -> None:
    links = [link("a", "c", 9), link("c", "b", 3), link("b", "a", 3)]
    assert ends(chain(links, "a", "b")) == [("a", "b", 3)]


def test_a_decision_is_stronger_than_any_weight() -> None:
    links = [link("a", "b", 30), link("b", "a", CERTAIN)]
    assert [of.strength for of in chain(links, "a", "b")] == [CERTAIN]


def test_there_may_be_no_way() -> None:
    assert chain([link("a", "b", 1)], "a", "c") == []
    assert chain([], "a", "b") == []


def test_a_skeleton_has_the_strongest_links_the_weakest_first() -> None:
    links = [link("a", "b", 1), link("b", "c", 5), link("a", "c", 3)]
    assert ends(skeleton(links)) == [("a", "c", 3), ("b", "c", 5)]
