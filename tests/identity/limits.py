"""Limits that a few rows reach."""

from __future__ import annotations

from typing import Any

from jobs.identity.settings import ContactType, DeviceType, Identifiers, IdentitySettings


def few_holders(
    holders: int, *, links: int = 50, records: int = 20, **settings: Any
) -> IdentitySettings:
    """Limit the holders of contacts, links of these and of devices, and records of a number."""
    contact = ContactType(max_holders=holders, max_links=links)
    device, cookie = (DeviceType(days=days, max_links=links) for days in (365, 180))
    numbers = {
        name: of.model_copy(update={"max_records": records})
        for name, of in Identifiers().numbers.items()
    }
    types = Identifiers(email=contact, phone=contact, device=device, cookie=cookie, **numbers)
    return IdentitySettings(identifiers=types, **settings)
