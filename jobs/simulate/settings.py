"""What can be set about the simulated shop."""

import hashlib
from datetime import date
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field

WORLD_VERSION = 3
"""Raised whenever the same settings would give other files, so that old worlds are made anew."""

# Where the shop is. No settings: the catalogue that reads its files, `conf/sources/demo.yaml`,
# says the same, and one without the other would refuse rows or shift times.
TIME_ZONE: Final = "Europe/London"
COUNTRY: Final = "GB"
CURRENCY: Final = "GBP"
FOREIGN_CURRENCY: Final = "EUR"
FOREIGN_RATE: Final = 1.17
"""Units of the foreign currency for one of the shop's."""


class SimulateSettings(BaseModel):
    """Size, span and dirt of the simulated world; the same settings give the same files.

    Windows are half-open: the world lives from `first_day` up to, not including,
    `first_day + days`, in days of the shop's time zone.

    Attributes
    ----------
    records : usual or hard
        How hard it is to tell who is who: `hard` has larger families, twins, namesakes
        (`families.py`), CRM records that say less and err more (`gaps.py`, `hard_records.py`) and
        phones that change hands (`devices.py`).
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    people: int = Field(2_000, ge=2, le=12_000_000)
    days: int = Field(90, ge=1, le=1_500)
    seed: int = 20_240_101
    first_day: date = date(2026, 6, 1)
    products: int = Field(600, ge=96, le=900_000)
    foreign_share: float = Field(0.03, ge=0, le=1)
    bad_row_share: float = Field(0.004, ge=0, le=0.5)
    duplicate_share: float = Field(0.003, ge=0, le=0.5)
    late_share: float = Field(0.01, ge=0, le=0.5)
    days_between_campaigns: int = Field(3, ge=1)
    treated_share: float = Field(0.7, ge=0, le=1)
    records: Literal["usual", "hard"] = "usual"

    @property
    def campaigns(self) -> int:
        """How many campaigns start within the window."""
        return -(-self.days // self.days_between_campaigns)

    @property
    def hard(self) -> bool:
        """Whether people, records and devices are those of the hard world."""
        return self.records == "hard"

    def unsaid(self) -> set[str]:
        """Return the settings that worlds did without: unless set, no name or marker has them."""
        return set() if self.hard else {"records"}

    def digest(self) -> str:
        """Name this world: a hash of all settings and of the simulator's version."""
        text = f"{WORLD_VERSION}:{self.model_dump_json(exclude=self.unsaid())}"
        return hashlib.sha256(text.encode()).hexdigest()
