"""Limits that a few rows reach."""

from __future__ import annotations

from typing import Any

from jobs.identity.settings import ContactType, DeviceType, Identifiers, IdentitySettings


def few_holders(holders: int, *, links: int = 50, **settings: Any) -> IdentitySettings:
    """Let contacts have so many holders, and contacts, devices and cookies so many links."""
    contact = ContactType(max_holders=holders, max_links=links)
    device, cookie = (DeviceType(days=days, max_links=links) for days in (365, 180))
    types = Identifiers(email=contact, phone=contact, device=device, cookie=cookie)
    return IdentitySettings(identifiers=types, **settings)
