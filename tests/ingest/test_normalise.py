import pytest

from jobs.ingest import normalise


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        (" Ann.Lee@Example.COM ", "ann.lee@example.com"),
        ("ann@example", None),
        ("not-an-address@@nowhere", None),
        ("a b@example.com", None),
        ("a..b@example.com", None),
        ("", None),
    ],
)
def test_email(text: str, normal: str | None) -> None:
    assert normalise.email(text) == normal


@pytest.mark.parametrize(
    ("text", "region", "normal"),
    [
        ("020 7946 0018", "GB", "+442079460018"),
        ("+44 (0)20 7946 0018", "GB", "+442079460018"),
        ("(212) 555-0123", "US", "+12125550123"),
        ("call me maybe", "GB", None),
        ("12", "GB", None),
    ],
)
def test_phone_is_e164(text: str, region: str, normal: str | None) -> None:
    assert normalise.phone(text, region) == normal


def test_names_fold_case_accents_and_punctuation() -> None:
    assert normalise.name("O'Brien-Müller") == normalise.name("o brien muller") == "obrienmuller"
    assert normalise.name(" - ") is None


@pytest.mark.parametrize("text", ["1971-12-24", "24/12/1971", "24.12.1971", "19711224"])
def test_birth_dates_of_any_writing_are_one(text: str) -> None:
    assert normalise.birth_date(text) == "1971-12-24"


def test_an_impossible_birth_date_is_none() -> None:
    assert normalise.birth_date("31/02/1971") is None
    assert normalise.birth_date("1871-12-24") is None
