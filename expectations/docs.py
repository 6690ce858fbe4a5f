"""Data Docs: the results of the last nights as pages, built by Great Expectations."""

from __future__ import annotations

import json
import os
import shutil
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from great_expectations.data_context.data_context.ephemeral_data_context import (
        EphemeralDataContext,
    )
    from great_expectations.data_context.types.resource_identifiers import (
        ValidationResultIdentifier,
    )

SITE = "nights"


def result_file(folder: Path, as_of: date, table_id: str) -> Path:
    """Return where a table's result of a night is kept below the quality folder."""
    return folder / "results" / as_of.isoformat() / f"{table_id}.json"


def build(folder: Path, as_of: date, *, keep: int = 7) -> Path:
    """Build the pages of a night from the results that its checks left, and the index.

    Parameters
    ----------
    folder : Path
        Quality folder: results lie in ``results/``, pages come to ``site/``.
    as_of : date
        The night; its pages are made anew.
    keep : int
        Nights that stay in the index; results and pages of older ones are removed, as
        ``ops.quality`` has them for good.

    Returns
    -------
    Path
        ``index.html``.
    """
    nights = sorted(path for path in (folder / "results").glob("????-??-??") if path.is_dir())
    for old in nights[:-keep]:
        shutil.rmtree(old)
        for pages in (folder / "site" / "validations").glob(f"*/{old.name}"):
            shutil.rmtree(pages)
    context = _context(folder / "site")
    made = [_store(context, path) for night in nights[-keep:] for path in sorted(night.iterdir())]
    tonight = [key for key in made if key.run_id.run_name == as_of.isoformat()]
    if tonight:
        context.build_data_docs(site_names=[SITE], resource_identifiers=tonight)
    else:
        context.build_data_docs(site_names=[SITE])
    return folder / "site" / "index.html"


def _context(site: Path) -> EphemeralDataContext:
    """Return a context whose results are in memory and whose site is below ``site``."""
    os.environ["GX_ANALYTICS_ENABLED"] = "False"
    import great_expectations as gx
    from great_expectations.data_context.types.base import (
        DataContextConfig,
        InMemoryStoreBackendDefaults,
        ProgressBarsConfig,
    )

    import expectations.aggregate  # noqa: F401 - registers the expectation and its renderer

    config = DataContextConfig(
        store_backend_defaults=InMemoryStoreBackendDefaults(init_temp_docs_sites=False),
        progress_bars=ProgressBarsConfig(globally=False),
        analytics_enabled=False,
        data_docs_sites={
            SITE: {
                "class_name": "SiteBuilder",
                "show_how_to_buttons": False,
                "store_backend": {
                    "class_name": "TupleFilesystemStoreBackend",
                    "base_directory": str(site.absolute()),
                },
                "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
                # A page of the suite would say again what the page of its result says.
                "site_section_builders": {"expectations": "None", "profiling": "None"},
            }
        },
    )
    return gx.get_context(mode="ephemeral", project_config=config)


def _store(context: EphemeralDataContext, path: Path) -> ValidationResultIdentifier:
    """Put a result that was kept into the context's store."""
    from great_expectations.core.expectation_validation_result import (
        ExpectationSuiteValidationResultSchema,
    )
    from great_expectations.core.run_identifier import RunIdentifier
    from great_expectations.data_context.types.resource_identifiers import (
        ExpectationSuiteIdentifier,
        ValidationResultIdentifier,
    )

    night = date.fromisoformat(path.parent.name)
    run = RunIdentifier(
        run_name=night.isoformat(),
        # Not the time it was checked at: a night that is run again takes the same page.
        run_time=datetime.combine(night, time(), UTC),
    )
    content = json.loads(path.read_text(encoding="utf-8"))
    content["meta"]["run_id"] = run.to_json_dict()
    result = ExpectationSuiteValidationResultSchema().load(content)
    key = ValidationResultIdentifier(
        expectation_suite_identifier=ExpectationSuiteIdentifier(name=path.stem),
        run_id=run,
        batch_identifier=path.stem,
    )
    context.validation_results_store.set(key, result)
    return key
