"""Labels and names of clusters: the same from night to night, and telling."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

EVERYONE = "everyone"
AVERAGE = "average"

Centre = Mapping[str, float]
"""Feature to its mean, in standard deviations."""

WORDS = 2
"""Features a name is made of, unless two clusters would bear the same."""
REMEMBERED = 4
"""Last night's name stays while its features are among so many of the most telling."""


@dataclass(frozen=True)
class Cluster:
    """A cluster of one night."""

    label: int
    name: str
    centre: Centre


def follow(centres: Sequence[Centre], past: Sequence[Cluster], drift: float) -> dict[int, Cluster]:
    """Say which of last night's clusters each of tonight's centres continues.

    Pairs are chosen so that the sum of distances is least (the assignment problem; Kuhn 1955, The
    Hungarian Method, Naval Research Logistics Quarterly 2, p. 83). A pair further apart than
    ``drift`` is no continuation.

    Returns
    -------
    dict
        Place in ``centres`` to the cluster that is continued; others are new.
    """
    if not centres or not past:
        return {}
    shared = sorted(set(centres[0]) & set(past[0].centre))
    if not shared:
        return {}
    now = np.array([[centre[name] for name in shared] for centre in centres])
    then = np.array([[cluster.centre[name] for name in shared] for cluster in past])
    distances = np.linalg.norm(now[:, None, :] - then[None, :, :], axis=2)
    pairs = zip(*linear_sum_assignment(distances), strict=True)
    return {int(i): past[int(j)] for i, j in pairs if distances[i, j] <= drift}


def label(
    centres: Sequence[Centre],
    past: Sequence[Cluster],
    *,
    last_label: int,
    drift: float,
    telling: float,
) -> list[Cluster]:
    """Label and name tonight's centres, in their order.

    Parameters
    ----------
    centres : sequence of Centre
        Tonight's, the greatest cluster first: new ones are numbered in this order.
    past : sequence of Cluster
        Last night's.
    last_label : int
        Greatest label of all nights that are kept; none of them is given to another cluster.
    drift, telling : float
        See :class:`jobs.segments.settings.ClusterSettings`.
    """
    followed = follow(centres, past, drift)
    labels = []
    for place in range(len(centres)):
        if place in followed:
            labels.append(followed[place].label)
        else:
            last_label += 1
            labels.append(last_label)
    old = {place: cluster.name for place, cluster in followed.items()}
    names = _names([phrases(centre, telling) for centre in centres], old, labels)
    return [Cluster(*found) for found in zip(labels, names, centres, strict=True)]


def phrases(centre: Centre, telling: float) -> list[str]:
    """Words for what sets a centre apart, the most telling first: "high spend", "low returns"."""
    ranked = sorted(centre.items(), key=lambda item: (-abs(item[1]), item[0]))
    return [f"{'high' if z > 0 else 'low'} {name}" for name, z in ranked if abs(z) >= telling]


def _names(told: Sequence[list[str]], old: Mapping[int, str], labels: Sequence[int]) -> list[str]:
    if len(told) == 1:
        return [EVERYONE]
    kept = {
        place: name
        for place, name in old.items()
        if set(name.split(", ")) <= set(told[place][:REMEMBERED])
    }
    taken = set(kept.values())
    names = []
    for place, words in enumerate(told):
        name = kept.get(place) or _free_name(words, taken, labels[place])
        taken.add(name)
        names.append(name)
    return names


def _free_name(words: list[str], taken: set[str], number: int) -> str:
    for length in range(WORDS, max(len(words), WORDS) + 1):
        name = ", ".join(words[:length]) or AVERAGE
        if name not in taken:
            return name
    return f"{name} ({number})"
