"""How values are written, where a value does not tell it by itself."""

from __future__ import annotations

import phonenumbers
from pydantic import BaseModel, ConfigDict, Field, field_validator


class EmailProvider(BaseModel):
    """Which addresses of a provider are one mail box.

    Attributes
    ----------
    domains : tuple of str
        Under each of them it is the same box.
    dots : bool
        Whether a dot before the @ makes another box.
    tag : str
        What follows this before the @ makes none; empty where everything does.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    domains: tuple[str, ...] = Field(min_length=1)
    dots: bool = True
    tag: str = Field(default="+", max_length=1)

    @field_validator("domains")
    @classmethod
    def _plain(cls, domains: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(domain.strip().lower().removeprefix("@") for domain in domains)

    def box(self, local: str) -> str:
        """Write the name of the box.

        >>> EmailProvider(domains=("gmail.com",), dots=False).box("ann.lee+shop")
        'annlee'
        """
        plain = local.split(self.tag, 1)[0] if self.tag else local
        return plain if self.dots else plain.replace(".", "")


PROVIDERS = (
    EmailProvider(domains=("gmail.com", "googlemail.com"), dots=False),
    EmailProvider(domains=("icloud.com", "me.com", "mac.com")),
    EmailProvider(domains=("proton.me", "protonmail.com", "pm.me"), dots=False),
    EmailProvider(domains=("yahoo.com",), tag="-"),
    EmailProvider(domains=("yahoo.co.uk",), tag="-"),
)
"""As the providers themselves document it."""


class Notation(BaseModel):
    """How the values of some records are written.

    Attributes
    ----------
    region : str, optional
        Country (ISO 3166) whose phone numbers are written without a country code; by default that
        of most that have one.
    month_first : bool, optional
        Whether dates are written month before day; by default it is told by the dates.
    email_providers : tuple of EmailProvider
        Which addresses are one mail box; under other domains what follows a plus makes none.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    region: str | None = None
    month_first: bool | None = None
    email_providers: tuple[EmailProvider, ...] = PROVIDERS

    @field_validator("region")
    @classmethod
    def _known(cls, region: str | None) -> str | None:
        if region is None or region.upper() in phonenumbers.SUPPORTED_REGIONS:
            return region and region.upper()
        raise ValueError(f"{region!r} is no country of ISO 3166, such as GB")

    @field_validator("email_providers")
    @classmethod
    def _once(cls, providers: tuple[EmailProvider, ...]) -> tuple[EmailProvider, ...]:
        domains = [domain for provider in providers for domain in provider.domains]
        twice = sorted({domain for domain in domains if domains.count(domain) > 1})
        if twice:
            raise ValueError(f"{', '.join(twice)} is said to be of two email providers")
        return providers
