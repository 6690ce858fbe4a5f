"""``bespoke identity explain``: the weight of a night, the verdict, and no value unasked."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from jobs.lake.tables import TABLES
from jobs.privacy.keyring import key_file
from tests.report.identity_lake import IdentityLake

Call = Callable[..., Result]
Explain = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> IdentityLake:
    return IdentityLake.made(tmp_path_factory.mktemp("identity") / "home")


@pytest.fixture
def filled(made: IdentityLake, own_home: Path) -> IdentityLake:
    return made.copied(own_home)


@pytest.fixture
def call() -> Call:
    from jobs.cli.main import app, for_people

    def run(*arguments: str) -> Result:
        result = CliRunner().invoke(app, ["identity", "explain", *arguments])
        error = result.exception
        if isinstance(error, Exception) and not for_people(error):
            raise error
        return result

    return run


@pytest.fixture
def explain(call: Call) -> Explain:
    return lambda *arguments: json.loads(call(*arguments, "--json").stdout)


def test_the_steps_add_up_to_the_weight_of_the_night(
    filled: IdentityLake, explain: Explain
) -> None:
    for left, right, weight in filled.pairs(one=True)[:3] + filled.pairs(one=False)[:3]:
        pair = explain(f"record:{left}", right)["pair"]
        assert (pair["left_id"], pair["right_id"]) == (left, right)
        assert sum(step["bits"] for step in pair["steps"]) == pytest.approx(weight, abs=1e-3)
        assert pair["weight"] == pytest.approx(weight, abs=1e-3)
        assert pair["values"] is None


def test_two_records_whose_pair_is_enough_are_joined_by_it(
    filled: IdentityLake, explain: Explain
) -> None:
    left, right, weight = filled.pairs(one=True)[0]
    assert weight > 3
    found = explain(left, right)
    assert (found["one_person"], found["state"]) == (True, "joined")


def test_two_records_that_a_number_alone_joins_are_linked_through_it(
    filled: IdentityLake, explain: Explain
) -> None:
    one, other = filled.people["id"][:2]
    for name in (f"record:{one}", f"record:{other}", "login:ann"):
        filled.identifier(f"x{name}", "p_both")
    filled.link(f"xrecord:{one}", "xlogin:ann")
    filled.link(f"xrecord:{other}", "xlogin:ann")
    found = explain(f"xrecord:{one}", f"xrecord:{other}")
    assert found["state"] == "chained"
    assert [(of["left"], of["right"]) for of in found["links"]] == [
        (f"xrecord:{one}", "xlogin:ann"),
        ("xlogin:ann", f"xrecord:{other}"),
    ]


@pytest.mark.parametrize(
    ("reason", "state"), [("undecided", "in review"), ("contradicting", "refused")]
)
def test_a_pair_of_the_review_says_why_it_is_there(
    filled: IdentityLake, explain: Explain, reason: str, state: str
) -> None:
    left, right, _ = filled.pairs(one=False)[0]
    filled.review(left, right, reason)
    found = explain(left, right)
    assert (found["one_person"], found["state"]) == (False, state)
    assert found["why"]


def test_a_decision_is_named(filled: IdentityLake, explain: Explain) -> None:
    left, right, _ = filled.pairs(one=False)[0]
    filled.decide("split", left, right)
    found = explain(left, right)
    assert found["state"] == "refused"
    assert "dsplit" in " ".join(found["why"])


def test_of_two_persons_the_likeliest_pair_is_explained(
    filled: IdentityLake, explain: Explain
) -> None:
    left, right, weight = filled.pairs(one=False)[0]
    found = explain(filled.person(left), filled.person(right))
    assert found["pair"]["weight"] == pytest.approx(weight, abs=1e-3)
    assert found["pairs_between"][0]["left"] == left


def test_of_one_person_all_is_told_that_holds_it_together(
    filled: IdentityLake, explain: Explain
) -> None:
    left, right, weight = filled.pairs(one=True)[0]
    found = explain(filled.person(left))
    assert [(of["left"], of["right"]) for of in found["links"]] == [
        (f"record:{left}", f"record:{right}")
    ]
    assert found["links"][0]["strength"] == pytest.approx(weight)


def test_a_person_of_one_record_needs_no_link(filled: IdentityLake, explain: Explain) -> None:
    who = filled.people["who"]
    alone = filled.people["id"][~who.duplicated(keep=False)].iloc[0]
    found = explain(f"record:{alone}")
    assert found["headline"] == "One person, with 1 record"
    assert (found["pair"], found["links"]) == (None, [])


def test_a_pair_that_no_night_has_weighed_is_weighed_now(
    filled: IdentityLake, explain: Explain
) -> None:
    known = {(a, b) for one in (True, False) for a, b, _ in filled.pairs(one=one)}
    first, *others = filled.people["id"]
    strange = next(other for other in others if (first, other) not in known)
    found = explain(first, strange)
    assert found["pair"]["weight"] < 0
    assert found["state"] == "apart"


def test_no_value_is_shown_unasked(filled: IdentityLake, call: Call, tmp_path: Path) -> None:
    left, right, _ = filled.pairs(one=True)[0]
    page = tmp_path / "pair.html"
    said = call(left, right, "--out", str(page)).stdout + page.read_text()
    assert not {value for value in filled.values() if value in said}
    assert "<svg" in said
    assert not re.search(r"https?://", said)


def test_values_are_shown_to_whoever_asks_and_has_the_key(
    filled: IdentityLake, call: Call, tmp_path: Path
) -> None:
    left, right, _ = filled.pairs(one=True)[0]
    page = tmp_path / "pair.html"
    said = call(left, right, "--values", "--out", str(page)).stdout
    phone = filled.people.set_index("id")["phone"][left]
    assert phone in said
    assert phone in page.read_text()


def test_without_the_key_the_weight_is_explained_all_the_same(
    filled: IdentityLake, call: Call, own_home: Path
) -> None:
    left, right, weight = filled.pairs(one=True)[0]
    key_file(own_home).unlink()
    result = call(left, right, "--values", "--json")
    found = json.loads(result.stdout)
    assert "personal values stay closed" in result.stderr
    assert found["pair"]["values"] is None
    bits = [step["bits"] for step in found["pair"]["steps"]]
    assert sum(bits) == pytest.approx(weight, abs=1e-3)


def test_one_identifier_is_not_held_against_itself(filled: IdentityLake, call: Call) -> None:
    record = filled.people["id"][0]
    assert "are the same" in str(call(record, f"record:{record}").exception)


def test_whoever_is_nobody_is_said_to_be(filled: IdentityLake, call: Call) -> None:
    assert "nobody goes by" in str(call("someone", filled.people["id"][0]).exception)


def test_before_there_is_a_model_the_links_are_told(filled: IdentityLake, explain: Explain) -> None:
    filled.lake.delta(TABLES["identity.matches"]).delete()
    left, right, _ = filled.pairs(one=True)[0]
    filled.identifier("email:e", filled.person(left))
    for record in (left, right):
        filled.link(f"record:{record}", "email:e")
    found = explain(left, right)
    assert (found["pair"], found["model"]) == (None, None)
    assert [link["right"] for link in found["links"]] == ["email:e", f"record:{right}"]
