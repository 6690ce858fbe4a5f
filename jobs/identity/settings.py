"""Settings of the identity stage."""

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeInt,
    PositiveInt,
    ValidationInfo,
    field_validator,
)

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


class NumberType(BaseModel):
    """A type of identifier that a source gives to one person.

    Attributes
    ----------
    strength : int
        How much it says that two records have it in common: log2 odds, against which what the
        records tell is weighed.
    max_records : int
        One that more records hold is a placeholder or a desk's, and joins nobody.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    strength: PositiveInt
    max_records: PositiveInt = 20


class ContactType(BaseModel):
    """A type of identifier that a household may share. What one says is learnt from the records.

    Attributes
    ----------
    max_holders : int
        One that more accounts and records hold is a placeholder or a desk's, and joins nobody.
        Twenty leaves room for a family of five in four systems.
    max_links : int
        One seen with more devices, cookies and other addresses is public.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_holders: PositiveInt = 20
    max_links: PositiveInt = 50


class DeviceType(BaseModel):
    """A type of identifier that is somebody's for a time.

    Attributes
    ----------
    days : int
        For so long after the last login on it.
    max_links : int
        One seen with more other devices, cookies or addresses is public (a kiosk, a crawler) and
        hands no activity on.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    days: PositiveInt
    max_links: PositiveInt = 50


class Identifiers(BaseModel):
    """What an identifier of each type says, of how many, and for how long."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    login: NumberType = NumberType(strength=14)
    customer_no: NumberType = NumberType(strength=14)
    loyalty_no: NumberType = NumberType(strength=10)
    email: ContactType = ContactType()
    phone: ContactType = ContactType()
    device: DeviceType = DeviceType(days=365)
    cookie: DeviceType = DeviceType(days=180)

    @field_validator("*", mode="before")
    @classmethod
    def _beside_the_defaults(cls, said: object, info: ValidationInfo) -> object:
        """Let a part of a type be said, the rest as it is by default."""
        default = cls.model_fields[info.field_name or ""].default
        return default.model_dump() | said if isinstance(said, dict) else said

    @property
    def numbers(self) -> dict[str, NumberType]:
        """Types that a source gives to one person."""
        return {name: of for name, of in self if isinstance(of, NumberType)}

    @property
    def strengths(self) -> dict[str, int]:
        """Strength of each of these, in the order of their names."""
        return {name: of.strength for name, of in sorted(self.numbers.items())}

    @property
    def max_records(self) -> dict[str, int]:
        """How many records may hold a number or a login."""
        return {name: of.max_records for name, of in self.numbers.items()}

    @property
    def max_links(self) -> dict[str, int]:
        """How many others a contact, a device or a cookie may be seen with."""
        return {name: of.max_links for name, of in self if not isinstance(of, NumberType)}

    @property
    def max_holders(self) -> dict[str, int]:
        """Holders that an email or phone may have."""
        return {name: of.max_holders for name, of in self if isinstance(of, ContactType)}


class SpanSettings(BaseModel):
    """How long a device or a cookie is taken for the person who was logged in on it.

    Attributes
    ----------
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
    blocked : tuple of str
        Addresses, numbers and devices that mean nobody, as ``<type>:<value>``, such as
        ``email:unknown@example.com`` or ``phone:020 7946 0018``: they join nobody. Those on far
        too many records are found by themselves.
    identifiers : Identifiers
        What an identifier of each type says, of how many, and for how long.
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
    blocked: tuple[str, ...] = ()
    identifiers: Identifiers = Identifiers()
    matching: MatchingSettings = MatchingSettings()
    single_node_records: PositiveInt = 2_000_000
    memory: str = Field(default="1GB", pattern=r"^\d+(MB|GB)$")
    golden: GoldenSettings = GoldenSettings()
    households: HouseholdsSettings = HouseholdsSettings()
    spans: SpanSettings = SpanSettings()
