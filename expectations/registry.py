"""Every suite by the id of its table."""

from expectations import (
    gold_cluster_centres,
    gold_clusters,
    gold_interactions,
    gold_profiles,
    gold_rfm,
    gold_scores,
    gold_segments,
    gold_touchpoints,
    gold_visits,
    identity_blocks,
    identity_conflicts,
    identity_decisions,
    identity_golden,
    identity_history,
    identity_households,
    identity_identifiers,
    identity_links,
    identity_matches,
    identity_names,
    identity_persons,
    identity_review,
    identity_sightings,
    serving_recommendations,
    silver_consents,
    silver_customers,
    silver_events,
    silver_feedback,
    silver_messages,
    silver_order_lines,
    silver_products,
)
from expectations.suite import Suite

SUITES: dict[str, Suite] = {
    module.SUITE.table.id: module.SUITE
    for module in (
        silver_customers,
        silver_order_lines,
        silver_events,
        silver_consents,
        silver_products,
        silver_messages,
        silver_feedback,
        identity_links,
        identity_sightings,
        identity_identifiers,
        identity_persons,
        identity_blocks,
        identity_matches,
        identity_decisions,
        identity_review,
        identity_history,
        identity_names,
        identity_golden,
        identity_conflicts,
        identity_households,
        gold_visits,
        gold_touchpoints,
        gold_profiles,
        gold_rfm,
        gold_clusters,
        gold_cluster_centres,
        gold_segments,
        gold_interactions,
        gold_scores,
        serving_recommendations,
    )
}
"""Suites in the order of the data's way."""


def suite_of(table_id: str) -> Suite | None:
    """Return the suite of a table such as ``silver.events``, None if it has none."""
    return SUITES.get(table_id)
