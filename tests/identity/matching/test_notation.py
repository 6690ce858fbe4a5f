"""How values are written: providers of email."""

from __future__ import annotations

import pandas as pd
import pytest
from pydantic import ValidationError

from jobs.identity.matching.fields import Field, Role
from jobs.identity.matching.notation import EmailProvider, Notation
from jobs.identity.matching.records import normalised


def boxes(*addresses: str, **said: object) -> list[str | None]:
    """Return what addresses become, by what is said of the notation."""
    frame = pd.DataFrame({"mail": addresses}, dtype=object)
    table = normalised(frame, [Field("email", Role.EMAIL, "mail")], Notation.model_validate(said))
    return list(table["email"])


@pytest.mark.parametrize(
    ("address", "box"),
    [
        ("Ann.Lee+shop@googlemail.com", "annlee@gmail.com"),
        ("ann.lee+shop@example.com", "ann.lee@example.com"),
        ("ann-shop@yahoo.com", "ann@yahoo.com"),
        ("ann-lee@example.com", "ann-lee@example.com"),
        # Boxes of their own.
        ("ann@yahoo.co.uk", "ann@yahoo.co.uk"),
        ("+@gmail.com", None),
        ("ann at gmail.com", None),
    ],
)
def test_addresses_of_one_mail_box_are_one(address: str, box: str | None) -> None:
    assert boxes(address) == [box]


def test_what_is_said_of_providers_replaces_what_is_known() -> None:
    own = EmailProvider(domains=("@Shop.example", "shop.test"), tag="")
    said = boxes("a+b@shop.test", "a.b@gmail.com", "a+b@gmail.com", email_providers=[own])
    assert said == ["a+b@shop.example", "a.b@gmail.com", "a@gmail.com"]


def test_a_domain_is_of_one_provider() -> None:
    twice = [EmailProvider(domains=("one.test",)), EmailProvider(domains=("ONE.test", "b.test"))]
    with pytest.raises(ValidationError, match=r"one\.test is said to be of two email providers"):
        Notation(email_providers=tuple(twice))


def test_a_country_is_known() -> None:
    assert Notation(region="gb").region == "GB"
    with pytest.raises(ValidationError, match="no country of ISO 3166"):
        Notation(region="XX")
