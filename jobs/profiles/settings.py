"""Settings of the profiles stage."""

from typing import Literal

from pydantic import BaseModel, ConfigDict


class ProfilesSettings(BaseModel):
    """What a set of sources assumes of its customers.

    Attributes
    ----------
    assumed_purposes : tuple of str
        Purposes that a known person counts as agreed to without an act of consent, for sources
        that record none. A withdrawal on record still wins.
    time_zone : str
        Zone of the set's business days; the catalogue says it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    assumed_purposes: tuple[Literal["marketing", "personalization", "analytics"], ...] = ()
    time_zone: str = "UTC"
