"""A review a day, the smallest rows that come by nights."""

from __future__ import annotations

from datetime import date


def review(day: date) -> dict[str, object]:
    """Return the row of silver.feedback that came on a day: its id is `f` and the day's number."""
    return {
        "feedback_id": f"f{day.day}",
        "source": "shop.reviews",
        "rating": 5,
        "text": "fine",
        "file_id": "f",
        "line": 2,
        "written_at": f"{day} 10:00",
        "known_from": day,
        "loaded_on": day,
        "version": "1",
        "row_hash": day.day,
    }
