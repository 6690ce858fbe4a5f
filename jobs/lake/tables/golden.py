"""What follows from who is who: the best values of a person, disputed ones, and households."""

from jobs.lake.contract import Column, Refresh, Subject, Table
from jobs.lake.tables.columns import AS_OF, PERSON_ID, PROTECTED, PSEUDO, PUBLIC

ATTRIBUTE = Column(
    "attribute",
    "string",
    "first_name, last_name, birth_date, email, phone, street, postcode, city, country, gender, or "
    "`attributes.<name>` of other attributes.",
    nullable=False,
)
RECORD_ID = Column(
    "record_id",
    "string",
    "Record that tells the value; `vault.contacts` has it.",
    PSEUDO,
    nullable=False,
    names=Subject.RECORD,
)
SOURCE = Column("source", "string", "Feed of that record.", nullable=False)
TOKEN = Column("token", "string", "Keyed token of a personal value; null for others.", PSEUDO)
VALUE = Column("value", "string", "The value, where it is not personal; else null.", PROTECTED)

GOLDEN = Table(
    layer="identity",
    name="golden",
    columns=(
        PERSON_ID,
        ATTRIBUTE,
        RECORD_ID,
        SOURCE,
        TOKEN,
        VALUE,
        Column(
            "rule",
            "string",
            "What decided: a rule of `identity.golden`, record_id where all were even, or agreed "
            "where the records tell one value.",
            nullable=False,
        ),
        Column("records", "int", "Records that tell the attribute.", nullable=False),
        Column("distinct_values", "int", "Different values that they tell.", nullable=False),
        Column(
            "conflict", "boolean", "Whether they should not have differed here.", nullable=False
        ),
        AS_OF,
    ),
    key=("person_id", "attribute"),
    refresh=Refresh.REPLACE_ALL,
    owner="data science",
    otherwise=PUBLIC,
    description="One best value per attribute of a person, with the record it comes from. "
    "Street, postcode and city are of one record.",
    cluster_by=("person_id",),
)

CONFLICTS = Table(
    layer="identity",
    name="conflicts",
    columns=(
        PERSON_ID,
        ATTRIBUTE,
        RECORD_ID,
        SOURCE,
        TOKEN,
        VALUE,
        Column("golden", "boolean", "Whether it tells the golden value.", nullable=False),
        AS_OF,
    ),
    key=("person_id", "attribute", "record_id"),
    refresh=Refresh.REPLACE_ALL,
    owner="data science",
    otherwise=PUBLIC,
    description="For stewards: records of one person that differ where they should not.",
)

HOUSEHOLDS = Table(
    layer="identity",
    name="households",
    columns=(
        PERSON_ID,
        Column(
            "household_id",
            "string",
            "The household, named by the person of it who was seen first.",
            PROTECTED,
            nullable=False,
        ),
        Column(
            "evidence",
            "string",
            "What ties the person to another of it: address, address_and_name (of a house of "
            "many), phone, email; alone where nothing does.",
            nullable=False,
        ),
        Column("members", "int", "Persons of the household.", PROTECTED, nullable=False),
        AS_OF,
    ),
    key=("person_id",),
    refresh=Refresh.REPLACE_ALL,
    owner="data science",
    otherwise=PUBLIC,
    description="The household of every known person: those who share a home.",
)

TABLES = (GOLDEN, CONFLICTS, HOUSEHOLDS)
