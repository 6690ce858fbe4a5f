-- Events summed up by identifier, session and day.
SELECT identifier, session_id, event_date, known_from, loaded_on, count(*) AS events,
    count(*) FILTER (type = 'product_view') AS product_views,
    count(*) FILTER (type = 'search') AS searches,
    count(*) FILTER (type = 'add_to_cart') AS cart_adds,
    CAST(coalesce(sum(dwell_ms) FILTER (type = 'product_view'), 0) AS BIGINT) AS dwell_ms,
    max(occurred_at) AS last_event_at
FROM silver.events GROUP BY ALL
