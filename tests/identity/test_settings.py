"""Settings of the identity stage."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from jobs.identity.settings import Identifiers, IdentitySettings


def test_a_part_of_a_type_can_be_said() -> None:
    said = {"identifiers": {"cookie": {"days": 30}, "login": {"max_records": 5}}}
    found = IdentitySettings.model_validate(said).identifiers
    usual = Identifiers()
    assert (found.cookie.days, found.cookie.max_links) == (30, usual.cookie.max_links)
    assert (found.login.strength, found.login.max_records) == (usual.login.strength, 5)
    assert found.device == usual.device


@pytest.mark.parametrize("said", [{"cookie": {"strength": 3}}, {"fax": {}}, {"email": 20}])
def test_what_a_type_does_not_have_is_refused(said: object) -> None:
    with pytest.raises(ValidationError):
        IdentitySettings.model_validate({"identifiers": said})
