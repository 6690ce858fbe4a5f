"""Settings of the identity stage."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, PositiveInt

from jobs.identity.matching.settings import MatchSettings
from jobs.identity.survivorship import GoldenSettings


class HouseholdsSettings(BaseModel):
    """Who is taken for a household.

    Attributes
    ----------
    max_members : int
        Where more persons give one address it is a block of flats or an office, and only those of
        one last name are a household. A telephone number or mail box of more joins nobody, nor
        does a last name that more than these share at such an address.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_members: PositiveInt = 8


class MatchingSettings(MatchSettings):
    """How records are matched night by night, beside what holds for any file.

    Attributes
    ----------
    train_from : int
        From so many records with a name or an address on, the first identity model is trained.
        Before that records are joined by an address and a name in common.
    train_records : int
        It learns from at most so many records, drawn among all.
    pairs_a_record : int
        So many pairs a record may be compared at most, when a model is trained.
    review : float
        Records are put before a person when the log2 odds that they are one are above this, and
        not above ``accept``.
    most_records : int
        No person gets more records.
    """

    train_from: PositiveInt = 200
    train_records: PositiveInt = 100_000
    pairs_a_record: PositiveInt = 40
    accept: float = 3.5
    review: float = -3.0
    most_records: PositiveInt = 40


class SpanSettings(BaseModel):
    """How long a device or a cookie is taken for the person who was logged in on it.

    Attributes
    ----------
    device_days, cookie_days : int
        For so long after the last login on it.
    backward_days : int
        For so long before the first login on it, if nobody else was logged in.
    timeout_minutes : int
        For so long after the session, where several people use it.
    handover_chance : float
        A device has changed hands, and is not shared, where one person's days with a login all
        come before the other's, and this would come of chance more rarely than so: of five days
        each in 1 of 126 cases, of three each in 1 of 10.
    max_users : int
        A device with more persons says nothing of the cookies on it: its number is of many.
    max_spans : int
        With more spans it is public, like a till, and nobody's: each event is held against all.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    device_days: PositiveInt = 365
    cookie_days: PositiveInt = 180
    backward_days: PositiveInt = 30
    timeout_minutes: PositiveInt = 30
    handover_chance: float = Field(default=0.01, gt=0, lt=1)
    max_users: PositiveInt = 8
    max_spans: PositiveInt = 5_000


class IdentitySettings(BaseModel):
    """Limits of identity resolution.

    Attributes
    ----------
    single_node_links : int
        Up to this many links are resolved on one machine; more on Spark. Four million, of a
        million records, took 13 s and a gigabyte of Python on two cores.
    resolved_whole : int
        Up to so many identifiers all are resolved every night; of more those that the night bears
        on, which takes more steps and fewer rows.
    max_contact_holders : int
        An email or phone that more accounts and records than this hold is a placeholder or a
        desk's number, and joins nobody. Twenty leaves room for a family of five in four systems.
    max_device_links : int
        A device or cookie seen with more other devices, cookies or addresses than this is public
        (a kiosk, a crawler) and hands no activity on.
    blocked : tuple of str
        Addresses, numbers and devices that mean nobody, as ``<type>:<value>``, such as
        ``email:unknown@example.com`` or ``phone:020 7946 0018``: they join nobody. Those on far
        too many records are found by themselves.
    strength : dict of str to int
        How much it says that a source gives two records one number or login: log2 odds, against
        which what the records tell is weighed.
    matching : MatchingSettings
        How records are matched.
    single_node_records : int
        Up to this many records are weighed, and golden values and households worked out, on one
        machine; more on Spark.
    memory : str
        What DuckDB may take to weigh records on one machine; what does not fit goes to disk.
    golden : GoldenSettings
        Which record's value survives.
    households : HouseholdsSettings
        Who is taken for a household.
    spans : SpanSettings
        How long a device or a cookie is taken for a person.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    single_node_links: PositiveInt = 6_000_000
    resolved_whole: NonNegativeInt = 200_000
    max_contact_holders: PositiveInt = 20
    max_device_links: PositiveInt = 50
    blocked: tuple[str, ...] = ()
    strength: dict[Literal["customer_no", "login", "loyalty_no"], PositiveInt] = Field(
        default={"customer_no": 14, "login": 14, "loyalty_no": 10}, min_length=1
    )
    matching: MatchingSettings = MatchingSettings()
    single_node_records: PositiveInt = 2_000_000
    memory: str = Field(default="1GB", pattern=r"^\d+(MB|GB)$")
    golden: GoldenSettings = GoldenSettings()
    households: HouseholdsSettings = HouseholdsSettings()
    spans: SpanSettings = SpanSettings()
