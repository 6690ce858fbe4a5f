"""Metrics against numbers worked out by hand, and laws that hold for any lists."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.metrics import (
    Judgement,
    coverage_at_k,
    hit_at_k,
    judge,
    map_at_k,
    ndcg_at_k,
    recall_at_k,
)


def lists(**products: str) -> pd.DataFrame:
    return pd.DataFrame(
        [
            (person, rank, product)
            for person, shown in products.items()
            for rank, product in enumerate(shown, start=1)
        ],
        columns=["person_id", "rank", "product_id"],
    )


def bought(**products: str) -> pd.DataFrame:
    rows = [(person, product) for person, own in products.items() for product in own]
    return pd.DataFrame(rows, columns=["person_id", "product_id"])


def test_two_hits_of_two() -> None:
    judged = judge(lists(ann="axb"), bought(ann="ab"), depth=3)
    assert recall_at_k(judged, 3) == pytest.approx([1.0])
    assert ndcg_at_k(judged, 3) == pytest.approx([0.919721], abs=1e-6)
    assert map_at_k(judged, 3) == pytest.approx([0.833333], abs=1e-6)
    assert ndcg_at_k(judged, 1) == pytest.approx([1.0])
    assert recall_at_k(judged, 1) == pytest.approx([0.5])


def test_three_hits_of_five() -> None:
    # Ranks 2, 3 and 5: DCG = 0.630930 + 0.5 + 0.386853, ideal of five 2.948459.
    judged = judge(lists(ann="xabyc"), bought(ann="abcde"), depth=5)
    assert ndcg_at_k(judged, 5) == pytest.approx([0.514772], abs=1e-6)
    assert recall_at_k(judged, 5) == pytest.approx([0.6])
    # (1/2 + 2/3 + 3/5) / 5
    assert map_at_k(judged, 5) == pytest.approx([0.353333], abs=1e-6)


def test_average_precision_as_published() -> None:
    # The ranked list of the exercises to Manning et al. (2008), chapter 8, taken as all there is:
    # RRNNN NNNRN RNNNR NNNNR gives (1/1 + 2/2 + 3/9 + 4/11 + 5/15 + 6/20) / 6 = 0.555.
    shown = "abxxxxxxcxdxxxexxxxf"
    unique = [c if c != "x" else f"miss-{i}" for i, c in enumerate(shown)]
    ranked = pd.DataFrame({"person_id": "ann", "rank": range(1, 21), "product_id": unique})
    judged = judge(ranked, bought(ann="abcdef"), depth=20)
    assert map_at_k(judged, 20) == pytest.approx([0.555], abs=5e-4)


def test_more_relevant_than_ranks_can_still_be_perfect_but_not_all_found() -> None:
    judged = judge(lists(ann="ab"), bought(ann="abcd"), depth=2)
    assert ndcg_at_k(judged, 2) == pytest.approx([1.0])
    assert map_at_k(judged, 2) == pytest.approx([1.0])
    assert recall_at_k(judged, 2) == pytest.approx([0.5])


def test_hit_rate() -> None:
    judged = judge(lists(ann="xya", bob="xyz"), bought(ann="a", bob="b"), depth=3)
    assert hit_at_k(judged, 3).tolist() == [1.0, 0.0]
    assert hit_at_k(judged, 2).tolist() == [0.0, 0.0]


def test_coverage() -> None:
    catalogue = np.array(list("abcdefghij"))
    assert coverage_at_k(lists(ann="ab", bob="ac"), catalogue, 2) == 0.3
    assert coverage_at_k(lists(ann="ab", bob="ac"), catalogue, 1) == 0.1
    assert coverage_at_k(lists(ann="ab"), np.array([], dtype=np.str_), 2) == 0.0


def test_person_shown_nothing_counts_as_zero_and_person_without_purchase_not_at_all() -> None:
    judged = judge(lists(zoe="a", bob="ab"), bought(ann="a", bob="b"), depth=2)
    assert judged.person_ids.tolist() == ["ann", "bob"]
    assert recall_at_k(judged, 2).tolist() == [0.0, 1.0]


def test_nobody_bought_anything() -> None:
    judged = judge(lists(ann="a"), bought(), depth=2)
    assert recall_at_k(judged, 2).size == 0
    assert ndcg_at_k(judged, 2).size == 0


def test_repeated_purchases_count_once() -> None:
    judged = judge(lists(ann="a"), bought(ann="aab"), depth=1)
    assert recall_at_k(judged, 1).tolist() == [0.5]


@pytest.mark.parametrize(
    ("ranks", "products"), [([1, 2], ["a", "a"]), ([1, 1], ["a", "b"]), ([0, 1], ["a", "b"])]
)
def test_faulty_lists_are_refused(ranks: list[int], products: list[str]) -> None:
    shown = pd.DataFrame({"person_id": "ann", "rank": ranks, "product_id": products})
    with pytest.raises(ValueError, match=r"twice|count from 1"):
        judge(shown, bought(ann="a"), depth=2)


def test_k_beyond_what_was_judged_is_refused() -> None:
    with pytest.raises(ValueError, match="k=3 is not within the judged depth 1 to 2"):
        ndcg_at_k(judge(lists(ann="ab"), bought(ann="a"), depth=2), 3)


@st.composite
def judgements(draw: st.DrawFn) -> Judgement:
    hits = draw(st.lists(st.booleans(), min_size=1, max_size=12))
    relevant = sum(hits) + draw(st.integers(0, 5))
    return Judgement(np.array(["ann"]), np.array([hits]), np.array([max(relevant, 1)]))


@settings(deadline=None)
@given(judgements())
def test_metrics_lie_between_zero_and_one(judged: Judgement) -> None:
    for k in range(1, judged.hits.shape[1] + 1):
        for metric in (recall_at_k, ndcg_at_k, map_at_k, hit_at_k):
            assert 0.0 <= metric(judged, k)[0] <= 1.0


@settings(deadline=None)
@given(judgements())
def test_recall_and_hits_only_grow_with_k(judged: Judgement) -> None:
    for metric in (recall_at_k, hit_at_k):
        values = [metric(judged, k)[0] for k in range(1, judged.hits.shape[1] + 1)]
        assert values == sorted(values)


@settings(deadline=None)
@given(judgements(), st.data())
def test_moving_a_hit_up_never_lowers_ndcg(judged: Judgement, data: st.DataObject) -> None:
    k = judged.hits.shape[1]
    place = data.draw(st.integers(0, k - 1))
    better = judged.hits.copy()
    better[0, : place + 1] = np.sort(better[0, : place + 1])[::-1]
    moved = Judgement(judged.person_ids, better, judged.relevant)
    assert ndcg_at_k(moved, k)[0] >= ndcg_at_k(judged, k)[0] - 1e-12


@settings(deadline=None)
@given(st.permutations(range(6)))
def test_order_of_rows_does_not_matter(order: list[int]) -> None:
    shown = lists(ann="axb", bob="cad")
    shuffled = shown.iloc[order]
    kept = shuffled.copy()
    own = bought(ann="ab", bob="d")
    assert ndcg_at_k(judge(shuffled, own, depth=3), 3) == pytest.approx([0.919721, 0.5], abs=1e-6)
    pd.testing.assert_frame_equal(shuffled, kept)
