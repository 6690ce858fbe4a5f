"""Labels and names: the same from night to night, unique, and told by what sets apart."""

from jobs.segments.labels import Cluster, follow, label, phrases


def centre(spend: float, returns: float, visits: float = 0.0) -> dict[str, float]:
    return {"spend": spend, "returns": returns, "visits": visits}


def labelled(centres: list[dict[str, float]], past: list[Cluster], last: int) -> list[Cluster]:
    return label(centres, past, last_label=last, drift=1.5, telling=0.25)


def test_phrases_most_telling_first() -> None:
    assert phrases(centre(1.2, -2.0, 0.1), 0.25) == ["low returns", "high spend"]


def test_first_night_counts_from_one() -> None:
    found = labelled([centre(2, -1), centre(-1, 0)], [], 0)
    assert [(c.label, c.name) for c in found] == [(1, "high spend, low returns"), (2, "low spend")]


def test_labels_follow_their_centres_whatever_the_order() -> None:
    past = labelled([centre(2, -1), centre(-1, 0), centre(0, 3)], [], 0)
    moved = [centre(0.2, 2.9), centre(1.9, -1.1), centre(-1.1, 0.1)]
    assert [c.label for c in labelled(moved, past, 3)] == [3, 1, 2]


def test_pairs_are_best_together_not_one_by_one() -> None:
    past = [Cluster(1, "x", centre(0, 0)), Cluster(2, "y", centre(1, 0))]
    # Each alone is nearest to the first, 0.4 and 0.1 away; together 0.1 + 0.6 is less than 1.5.
    pairs = follow([centre(0.4, 0), centre(0.1, 0)], past, 1.5)
    assert {place: cluster.label for place, cluster in pairs.items()} == {0: 2, 1: 1}


def test_new_cluster_never_gets_a_label_of_the_past() -> None:
    past = [Cluster(4, "low spend", centre(-1, 0))]
    found = labelled([centre(-1.1, 0), centre(3, 0)], past, 7)
    assert [c.label for c in found] == [4, 8]


def test_centre_that_jumped_is_another_cluster() -> None:
    past = [Cluster(1, "low spend", centre(-1, 0)), Cluster(2, "high spend", centre(1, 0))]
    found = labelled([centre(-1, 0), centre(-1, 3)], past, 2)
    assert [c.label for c in found] == [1, 3]


def test_name_stays_while_it_is_true() -> None:
    past = [Cluster(1, "high spend, low returns", centre(2, -1, 0.9))]
    past += [Cluster(2, "low spend", centre(-1, 0))]
    kept, other = labelled([centre(2, -0.9, 1.0), centre(-1, 0)], past, 2)
    assert (kept.name, other.name) == ("high spend, low returns", "low spend")
    renamed, _ = labelled([centre(2, 0.0, 1.0), centre(-1, 0)], past, 2)
    assert (renamed.label, renamed.name) == (1, "high spend, high visits")


def test_names_are_unique() -> None:
    found = labelled([centre(2, -1), centre(1, -0.9, 0.5), centre(3, -2), centre(0, 0.1)], [], 0)
    assert [c.name for c in found] == [
        "high spend, low returns",
        "high spend, low returns, high visits",
        "high spend, low returns (3)",
        "average",
    ]


def test_one_cluster_is_everyone() -> None:
    past = [Cluster(1, "low spend", centre(-1, 0)), Cluster(2, "high spend", centre(1, 0))]
    assert [(c.label, c.name) for c in labelled([centre(-0.9, 0)], past, 2)] == [(1, "everyone")]


def test_other_features_than_last_night_start_afresh() -> None:
    past = [Cluster(1, "high dwell", {"dwell": 2.0})]
    assert [c.label for c in labelled([centre(2, 0), centre(-1, 0)], past, 1)] == [2, 3]
