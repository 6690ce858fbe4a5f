"""Weights of interactions, to the digit."""

from collections.abc import Callable
from datetime import date
from random import Random
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from scipy import sparse

from models.bm25 import Bm25
from models.interactions import InteractionsError, weigh
from models.settings import Weighting

Frame = Callable[..., pd.DataFrame]
CUT = date(2024, 3, 1)
PLAIN = Weighting(
    kinds={"purchase": 1.0, "product_view": 0.25}, half_life_days=10, saturation=False
)


def test_weight_is_kind_times_decay_summed(interactions: Frame) -> None:
    frame = interactions(
        ("bob", "cup", "purchase", 1, date(2024, 2, 20)),  # 10 days: 0.5
        ("bob", "cup", "product_view", 3, date(2024, 2, 10)),  # 20 days: 0.25 * 0.25
        ("ann", "tea", "purchase", 2, date(2024, 2, 20)),
        ("ann", "tea", "wishlist", 2, date(2024, 2, 20)),  # not a kind that counts
    )
    history = weigh(frame, PLAIN, as_of_exclusive=CUT)
    assert history.person_ids.tolist() == ["ann", "bob"]
    assert history.product_ids.tolist() == ["cup", "tea"]
    assert history.weights.toarray().tolist() == [[0.0, 0.5], [0.5625, 0.0]]


def test_the_day_of_the_cut_is_out_and_the_day_before_is_in(interactions: Frame) -> None:
    frame = interactions(
        ("ann", "cup", "purchase", 1, date(2024, 2, 29)),
        ("ann", "tea", "purchase", 1, CUT),
    )
    assert weigh(frame, PLAIN, as_of_exclusive=CUT).product_ids.tolist() == ["cup"]


@pytest.mark.parametrize(
    ("quantity", "saturation", "expected"),
    [
        ("ignore", False, 2.0),
        ("linear", False, 10.0),
        ("log1p", False, 2.302585 + 0.693147),  # log(10) + log(2)
        ("ignore", True, 1.098612),  # log(3)
    ],
)
def test_quantity_and_saturation(
    interactions: Frame, quantity: str, saturation: bool, expected: float
) -> None:
    frame = interactions(
        ("ann", "cup", "purchase", 9, date(2024, 2, 1)),
        ("ann", "cup", "purchase", 1, date(2024, 2, 2)),
    )
    weighting = Weighting.model_validate(
        {"half_life_days": None, "saturation": saturation, "quantity": quantity}
    )
    weights = weigh(frame, weighting, as_of_exclusive=CUT).weights
    assert weights.toarray() == pytest.approx(np.array([[expected]]), abs=1e-6)


def test_purchases_count_days_and_keep_what_decayed_away(interactions: Frame) -> None:
    frame = interactions(
        ("ann", "cup", "purchase", 1, date(2024, 2, 20)),
        ("ann", "cup", "purchase", 5, date(2024, 2, 20)),  # the same day
        ("ann", "cup", "purchase", 1, date(2024, 2, 10)),
        ("ann", "tea", "purchase", 1, date(1990, 1, 1)),
        ("ann", "pot", "product_view", 1, date(2024, 2, 20)),
    )
    history = weigh(frame, PLAIN, as_of_exclusive=CUT, repeat_half_life_days=10)
    assert history.product_ids.tolist() == ["cup", "pot", "tea"]
    assert history.purchases.toarray().tolist() == [[0.75, 0.0, 0.0]]
    assert history.purchases.indices.tolist() == [0, 2]  # tea was bought, though it weighs nothing


def test_given_ids_fix_the_shape(interactions: Frame) -> None:
    frame = interactions(("ann", "cup", "purchase", 1, date(2024, 2, 20)))
    history = weigh(
        frame, PLAIN, as_of_exclusive=CUT, person_ids=["zoe", "ann"], product_ids=["tea", "cup"]
    )
    assert history.person_ids.tolist() == ["ann", "zoe"]
    assert history.weights.toarray().tolist() == [[0.5, 0.0], [0.0, 0.0]]


def test_no_interaction_gives_an_empty_history(interactions: Frame) -> None:
    history = weigh(interactions(), PLAIN, as_of_exclusive=CUT)
    assert history.weights.shape == (0, 0)


def test_arrow_table_gives_the_same(interactions: Frame) -> None:
    frame = interactions(("ann", "cup", "purchase", 1, date(2024, 2, 20)))
    table = pa.Table.from_pandas(frame)
    assert weigh(table, PLAIN, as_of_exclusive=CUT).weights.toarray().tolist() == [[0.5]]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("quantity", 0.0), "1 interactions have a quantity that is not above zero"),
        (("quantity", np.nan), "quantity that is not above zero"),
        (("person_id", None), "1 interactions have no person_id"),
        (("product_id", None), "1 interactions have no product_id"),
    ],
)
def test_faulty_rows_are_refused_by_name(
    interactions: Frame, change: tuple[str, Any], message: str
) -> None:
    frame = interactions(("ann", "cup", "purchase", 1, date(2024, 2, 20)))
    frame[change[0]] = [change[1]]
    with pytest.raises(InteractionsError, match=message):
        weigh(frame, PLAIN, as_of_exclusive=CUT)


def test_missing_column_is_named(interactions: Frame) -> None:
    with pytest.raises(InteractionsError, match=r"lack the columns \['kind'\]"):
        weigh(interactions().drop(columns="kind"), PLAIN, as_of_exclusive=CUT)


def test_unknown_settings_are_refused() -> None:
    with pytest.raises(ValidationError, match="half_live"):
        Weighting.model_validate({"half_live": 3})
    with pytest.raises(ValidationError, match="greater than or equal to 0"):
        Weighting(kinds={"purchase": -1.0})


rows = st.lists(
    st.tuples(
        st.sampled_from(["ann", "bob", "zoe"]),
        st.sampled_from(["cup", "pot", "tea"]),
        st.sampled_from(["purchase", "product_view", "other"]),
        st.floats(0.1, 100.0),
        st.dates(date(2024, 1, 1), date(2024, 3, 10)),
    ),
    max_size=30,
)


@settings(deadline=None)
@given(rows, st.randoms())
def test_shuffled_rows_give_the_same_bits(drawn: list[tuple[object, ...]], random: Random) -> None:
    columns = ["person_id", "product_id", "kind", "quantity", "occurred_on"]
    frame = pd.DataFrame(drawn, columns=columns)
    shuffled = list(drawn)
    random.shuffle(shuffled)
    other = pd.DataFrame(shuffled, columns=columns)
    kept = frame.copy(deep=True)
    weighting = PLAIN.model_copy(update={"quantity": "log1p"})
    first = weigh(frame, weighting, as_of_exclusive=CUT, repeat_half_life_days=7)
    second = weigh(other, weighting, as_of_exclusive=CUT, repeat_half_life_days=7)
    assert first.product_ids.tolist() == second.product_ids.tolist()
    for one, two in ((first.weights, second.weights), (first.purchases, second.purchases)):
        assert one.data.tobytes() == two.data.tobytes()
        assert one.indices.tolist() == two.indices.tolist()
    pd.testing.assert_frame_equal(frame, kept)


def test_bm25_by_hand() -> None:
    # Two persons, lengths 3 and 1, mean 2; both have product 0, one has product 1.
    weights = sparse.csr_matrix(np.array([[1, 2], [1, 0]], dtype=np.float32))
    bm25 = Bm25.fit(weights, k1=1.0, b=0.5)
    # idf: ln(1 + 0.5 / 2.5) = 0.182322 and ln(1 + 1.5 / 1.5) = 0.693147;
    # norms: 0.5 + 0.5 * 3 / 2 = 1.25 and 0.5 + 0.5 * 1 / 2 = 0.75.
    expected = [[0.182322 * 2 / 2.25, 0.693147 * 4 / 3.25], [0.182322 * 2 / 1.75, 0.0]]
    assert bm25.apply(weights).toarray() == pytest.approx(np.array(expected), abs=1e-5)
    alone = bm25.apply(weights[1]).toarray()
    assert alone == pytest.approx(np.array(expected[1:]), abs=1e-5)
