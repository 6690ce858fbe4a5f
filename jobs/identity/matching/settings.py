"""Settings of matching."""

from __future__ import annotations

from pydantic import Field, PositiveInt

from jobs.identity.matching.notation import Notation


class MatchSettings(Notation):
    """How records are matched. Nothing has to be set: what is left out is found from the records.

    How their values are written is said by what :class:`Notation` has.

    Attributes
    ----------
    columns : mapping of str to str
        Column to what it holds, where that is not seen from its name: id, first_name,
        middle_name, last_name, full_name, email, phone, birth_date, birth_year, birth_month,
        birth_day, street, house_number, city, postcode, region, country, gender, identifier,
        other, ignored.
    accept : float
        Records are joined when the log2 odds that they are one person are above this: 0 is even
        odds, 10 a thousand to one.
    contradicting : float
        Records that differ wholly in what a person has one of, as a date of birth, are joined when
        the log2 odds are above this.
    mean_share, unscored : float
        How groups of records are weighed, as of :class:`jobs.identity.matching.clustering.Linkage`.
    most_names : int
        An email, phone or other number that stands beside more names than this, told apart by
        their initials, is a desk's or means nobody, and is left out.
    all_pairs_up_to : int
        Up to this many pairs all are compared, and none is left out by blocking.
    pairs : int
        So many pairs are compared beyond that, or ten times as many as there are records where
        those are more.
    sample_records : int
        More records than this are learnt from by a sample of as many.
    sample_pairs : int
        Pairs drawn at random to learn what agreement by chance looks like.
    """

    columns: dict[str, str] = Field(default_factory=dict)
    accept: float = 0.0
    contradicting: float = 6.0
    mean_share: float = Field(default=0.75, ge=0, le=1)
    unscored: float = -3.0
    most_names: PositiveInt = 15
    all_pairs_up_to: PositiveInt = 2_000_000
    pairs: PositiveInt = 10_000_000
    sample_records: int = Field(default=50_000, ge=100)
    sample_pairs: int = Field(default=500_000, ge=100)
