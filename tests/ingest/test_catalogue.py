from datetime import date
from pathlib import Path

import pytest
import yaml

from jobs.ingest.catalogue import Feed, load_catalogue, source_set
from jobs.ingest.landing import find_files
from jobs.ingest.parts import Limits
from jobs.lake.settings import SettingsError, conf_folder

FEED = {
    "kind": "orders",
    "owner": "sales",
    "system": "shop",
    "frequency": "daily",
    "format": {"type": "csv"},
    "path": "*.csv",
    "fields": ["order", "line", "at", "mail"],
    "key": ["order", "line"],
    "columns": {"order_id": "order", "ordered_at": "at"},
}


def catalogue(folder: Path, **changes: object) -> Path:
    feed = {**FEED, **changes}
    source = {"set": "shop", "title": "A shop", "landing": "{home}/in", "feeds": {"orders": feed}}
    (folder / "shop.yaml").write_text(yaml.safe_dump(source))
    return folder


def test_the_three_sets_that_ship_are_sound() -> None:
    sets = load_catalogue(conf_folder() / "sources")
    assert sorted(sets) == ["complete_journey", "demo", "online_retail"]
    for found in sets.values():
        for _, _, feed in found.feeds():
            assert feed.owner
            assert feed.frequency


def test_sets_without_consent_records_say_what_they_assume_and_why() -> None:
    sets = load_catalogue(conf_folder() / "sources")
    for found in sets.values():
        if not any(feed.kind == "consents" for _, _, feed in found.feeds()):
            assert {a.purpose for a in found.main.assumed_purposes} >= {"marketing"}
            assert all(len(a.why) > 20 for a in found.main.assumed_purposes)


def test_derived_feeds_come_after_those_they_derive_from() -> None:
    feeds = source_set(conf_folder() / "sources", "online_retail").feeds()
    assert feeds[0][0] == "online_retail.orders"


def test_an_unknown_key_names_file_and_key(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"shop\.yaml: unknown key 'feeds\.orders\.colour'"):
        load_catalogue(catalogue(tmp_path, colour="red"))


def test_a_column_that_is_not_canonical_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="prize: not canonical for orders"):
        load_catalogue(catalogue(tmp_path, columns={"prize": "at"}))


def test_pii_must_not_reach_a_plain_column(tmp_path: Path) -> None:
    columns = {"order_id": "order", "channel": "lower(mail)"}
    with pytest.raises(SettingsError, match="channel: is made of mail, which is PII"):
        load_catalogue(catalogue(tmp_path, columns=columns, pii=["mail"]))


def test_what_becomes_pii_must_be_listed_as_pii(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="email: is PII, so mail must be listed"):
        load_catalogue(catalogue(tmp_path, kind="consents", columns={"email": "lower(mail)"}))


def test_pii_is_found_in_whatever_case(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="email: is PII, so mail must be listed"):
        load_catalogue(catalogue(tmp_path, kind="consents", columns={"email": "lower(MAIL)"}))


def test_pii_that_names_no_field_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="email: is PII, and names none of the fields"):
        load_catalogue(catalogue(tmp_path, kind="consents", columns={"email": "address"}))


def test_rows_with_pii_want_a_key(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="a feed with pii wants a key of its own"):
        load_catalogue(catalogue(tmp_path, key="row", duplicates="keep", pii=["mail"]))


def test_a_protected_column_must_stay_one(tmp_path: Path) -> None:
    columns = {"order_id": "order", "channel": "mail"}
    with pytest.raises(SettingsError, match="channel: is made of mail, which is protected"):
        load_catalogue(catalogue(tmp_path, columns=columns, protected=["mail"]))


def test_the_example_of_the_docs_is_sound(tmp_path: Path) -> None:
    page = (conf_folder().parent / "docs" / "engineer.md").read_text()
    for name, block in zip(("shop", "terminals"), page.split("```yaml\n")[1:3], strict=True):
        (tmp_path / f"{name}.yaml").write_text(block.partition("```")[0])
    (found,) = load_catalogue(tmp_path).values()
    assert found.name == found.main.set == "shop"
    assert found.main is found.sources["shop"]
    assert sorted(name for name, _, _ in found.feeds()) == [
        "shop.articles",
        "shop.customers",
        "shop.newsletter",
        "terminals.sales",
    ]


def test_pii_must_not_be_a_key(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="key: is made of mail, which is PII"):
        load_catalogue(catalogue(tmp_path, key=["mail"], pii=["mail"]))


def test_a_second_file_joins_a_set(tmp_path: Path) -> None:
    catalogue(tmp_path)
    extra = yaml.safe_load((tmp_path / "shop.yaml").read_text())
    (tmp_path / "till.yaml").write_text(yaml.safe_dump(extra))
    names = [name for name, _, _ in source_set(tmp_path, "shop").feeds()]
    assert names == ["shop.orders", "till.orders"]


def test_an_unknown_set_names_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="there are: shop"):
        source_set(catalogue(tmp_path), "shoe")


@pytest.mark.parametrize(
    ("late", "said"),
    [
        ({"wait_until": 750}, 'a time stands in quotes: "12:30"'),
        ({"wait_until": "24:00"}, "late.wait_until"),
        ({"then": "skip"}, "late.then"),
        ({"files": 0}, "late.files"),
        ({"weekdays": ["monday"]}, "late.weekdays"),
    ],
)
def test_a_policy_for_late_files_that_means_nothing_is_refused(
    tmp_path: Path, late: dict[str, object], said: str
) -> None:
    with pytest.raises(SettingsError) as found:
        load_catalogue(catalogue(tmp_path, late=late))
    assert said in str(found.value)


def test_a_table_is_never_late(tmp_path: Path) -> None:
    jdbc = {"url": "jdbc:postgresql://localhost/shop", "table": "orders"}
    late = {"jdbc": jdbc, "path": None, "format": {"type": "jdbc"}, "late": {"then": "stop"}}
    with pytest.raises(SettingsError, match="late: only for files"):
        load_catalogue(catalogue(tmp_path, **late))


def test_a_zone_that_there_is_not_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"orders\.time_zone: .*no time zone 'Europe/Lodon'"):
        load_catalogue(catalogue(tmp_path, time_zone="Europe/Lodon"))


@pytest.mark.parametrize(
    ("encoding", "said"),
    [
        ("utf-9", "encoding: there is no 'utf-9'"),
        ("base64", "encoding: there is no 'base64'"),
        ("utf-8-sig", "write utf-8 for utf-8-sig"),
        ("latin-1", "write iso-8859-1 for latin-1"),
        ("utf-7", "Java does not know 'utf-7'"),
    ],
)
def test_an_encoding_that_python_or_java_lacks_is_refused(
    tmp_path: Path, encoding: str, said: str
) -> None:
    with pytest.raises(SettingsError) as found:
        load_catalogue(catalogue(tmp_path, format={"type": "csv", "encoding": encoding}))
    assert said in str(found.value)


@pytest.mark.parametrize("encoding", ["utf-8", "UTF-8", "cp1252", "windows-1252", "iso-8859-15"])
def test_an_encoding_that_both_know_is_taken(tmp_path: Path, encoding: str) -> None:
    assert load_catalogue(catalogue(tmp_path, format={"type": "csv", "encoding": encoding}))


@pytest.mark.parametrize("form", [{"delimiter": "||"}, {"delimiter": ""}, {"quote": "''"}])
def test_a_delimiter_or_quote_is_one_character(tmp_path: Path, form: dict[str, str]) -> None:
    (name,) = form
    with pytest.raises(SettingsError, match=rf"orders\.format\.{name}"):
        load_catalogue(catalogue(tmp_path, format={"type": "csv", **form}))


@pytest.mark.parametrize(
    ("day", "said"),
    [
        (r"(?P<day>\d{8}", "day: no regular expression"),
        (r"\d{4}-\d{2}-\d{2}", r"day: has no group (?P<day>…)"),
    ],
)
def test_a_day_that_cannot_be_found_is_refused(tmp_path: Path, day: str, said: str) -> None:
    with pytest.raises(SettingsError) as found:
        load_catalogue(catalogue(tmp_path, day=day))
    assert said in str(found.value)


@pytest.mark.parametrize(
    "text",
    [
        "set: other\nfeeds: {orders: [\n",
        "set: 'other'  # a comment\ncolour: red\n",
        "set: other\ntitle: \xff\n",
    ],
)
def test_a_fault_in_the_file_of_another_set_stops_only_that_set(tmp_path: Path, text: str) -> None:
    catalogue(tmp_path)
    (tmp_path / "other.yaml").write_bytes(text.encode("latin1"))
    assert source_set(tmp_path, "shop").name == "shop"
    with pytest.raises(SettingsError, match=r"other\.yaml"):
        load_catalogue(tmp_path)
    with pytest.raises(SettingsError, match=r"other\.yaml"):
        source_set(tmp_path, "other")


@pytest.mark.parametrize("text", ["set: shop\nfeeds: {orders: [\n", "feeds: {orders: [\n"])
def test_a_fault_in_a_file_of_the_set_or_of_an_unknown_one_stops_it(
    tmp_path: Path, text: str
) -> None:
    catalogue(tmp_path)
    (tmp_path / "till.yaml").write_text(text)
    with pytest.raises(SettingsError, match=r"till\.yaml: not readable as YAML"):
        source_set(tmp_path, "shop")


def test_no_refused_consent_is_passed_over_unless_the_catalogue_says_so() -> None:
    consents = {
        **FEED,
        "kind": "consents",
        "fields": ["id", "no", "said", "at"],
        "key": ["id"],
        "columns": {"customer_no": "no", "status": "said", "occurred_at": "at"},
    }
    strict = Feed.model_validate(consents).limits
    assert (strict.bad_rows, strict.bad_rows_spared) == (0, 0)
    said = Feed.model_validate(consents | {"limits": {"bad_rows": 0.1}}).limits
    assert (said.bad_rows, said.bad_rows_spared) == (0.1, 0)
    others = Feed.model_validate(FEED).limits
    assert others == Limits()


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("2026-03-02/x.csv", date(2026, 3, 2)),
        ("x_20260302.csv", date(2026, 3, 2)),
        ("x_20261302.csv", None),
        ("x_120260302.csv", None),
        ("x.csv", None),
    ],
)
def test_a_day_in_a_path_has_hyphens_or_none(tmp_path: Path, name: str, day: date | None) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("x")
    (found,) = find_files(
        tmp_path, Feed.model_validate(FEED | {"path": "**/x*.csv"}), date(2026, 3, 3)
    )
    assert (found.known_from, found.dated) == ((day, True) if day else (date(2026, 3, 3), False))
