"""The RFM rules that are shipped, for tests that need some."""

from pathlib import Path

import yaml

from jobs.segments.settings import RfmSettings, SegmentsSettings

RFM_YAML = Path(__file__).parents[2] / "conf" / "segments" / "rfm.yaml"


def read_rules() -> RfmSettings:
    """Read ``conf/segments/rfm.yaml``."""
    return SegmentsSettings.model_validate(yaml.safe_load(RFM_YAML.read_text())).rfm
