-- The counts and sums of a profile; its names (product, department, channel) and consents are left
-- out.
WITH people AS (SELECT identifier, person_id FROM identity.identifiers),
night AS (SELECT getvariable('night') AS night),
lines AS (
    SELECT person_id, kind = 'sale' AS sold, o.*
    FROM silver.order_lines o JOIN people USING (identifier)
        LEFT JOIN silver.products p ON p.product_id = o.product_id, night
    WHERE kind IN ('sale', 'return', 'cancellation') AND coalesce(p.item_type, 'product') = 'product'
        AND order_date <= night
), bought AS (
    SELECT person_id,
        count(DISTINCT source || order_id) FILTER (sold) AS orders,
        CAST(round(sum(coalesce(quantity, 1)) FILTER (sold)) AS BIGINT) AS items,
        count(DISTINCT product_id) FILTER (sold) AS products,
        count(*) FILTER (NOT sold) AS returned_lines,
        sum(amount_base) FILTER (sold) AS gross_revenue,
        sum(amount_base) AS net_revenue,
        count(DISTINCT source || order_id) FILTER (sold AND order_date > night - 90) AS orders_90d,
        sum(amount_base) FILTER (order_date > night - 90) AS net_revenue_90d,
        min(order_date) FILTER (sold) AS first_order_on,
        max(order_date) FILTER (sold) AS last_order_on,
        max(ordered_at) FILTER (sold) AS last_ordered_at
    FROM lines, night GROUP BY person_id
), sessions AS (
    SELECT person_id, session_id, bool_or(event_date > night - 30) AS recent,
        count(*) FILTER (type = 'product_view') AS product_views,
        count(*) FILTER (type = 'search') AS searches,
        count(*) FILTER (type = 'add_to_cart') AS cart_adds,
        sum(dwell_ms) FILTER (type = 'product_view') AS dwell_ms, max(occurred_at) AS last_event_at
    FROM silver.events JOIN people USING (identifier), night
    WHERE event_date <= night GROUP BY ALL
), visited AS (
    SELECT person_id, count(session_id) AS sessions,
        count(*) FILTER (recent AND session_id IS NOT NULL) AS sessions_30d,
        sum(product_views) AS product_views, sum(searches) AS searches,
        sum(cart_adds) AS cart_adds, sum(dwell_ms) // 1000 AS dwell_seconds,
        max(last_event_at) AS last_event_at
    FROM sessions GROUP BY person_id
), acts AS (
    SELECT message_id, identifier AS recipient, NULL AS reader, 'sent' AS act
    FROM silver.messages, night
    WHERE CAST(timezone('Europe/London', timezone('UTC', sent_at)) AS DATE) <= night
    UNION ALL
    SELECT message_id, NULL, identifier, type FROM silver.events, night
    WHERE type IN ('email_open', 'email_click') AND message_id IS NOT NULL AND event_date <= night
), by_message AS (
    SELECT coalesce(min(recipient), min(reader)) AS identifier, bool_or(act = 'sent') AS sent,
        bool_or(act = 'email_open') AS opened, bool_or(act = 'email_click') AS clicked
    FROM acts GROUP BY message_id
), written_to AS (
    SELECT person_id, count(*) FILTER (sent) AS messages_sent,
        count(*) FILTER (opened) AS messages_opened, count(*) FILTER (clicked) AS messages_clicked
    FROM by_message JOIN people USING (identifier) GROUP BY person_id
), wrote AS (
    SELECT person_id, count(*) AS reviews, avg(rating) AS average_rating
    FROM silver.feedback JOIN people USING (identifier), night
    WHERE CAST(timezone('Europe/London', timezone('UTC', written_at)) AS DATE) <= night GROUP BY person_id
)
SELECT person_id, kind, first_order_on, last_order_on, coalesce(orders, 0) AS orders,
    coalesce(items, 0) AS items, coalesce(products, 0) AS products,
    coalesce(returned_lines, 0) AS returned_lines, coalesce(gross_revenue, 0) AS gross_revenue,
    coalesce(net_revenue, 0) AS net_revenue, coalesce(orders_90d, 0) AS orders_90d,
    coalesce(net_revenue_90d, 0) AS net_revenue_90d, coalesce(sessions, 0) AS sessions,
    coalesce(sessions_30d, 0) AS sessions_30d, coalesce(product_views, 0) AS product_views,
    coalesce(searches, 0) AS searches, coalesce(cart_adds, 0) AS cart_adds,
    coalesce(dwell_seconds, 0) AS dwell_seconds,
    greatest(last_event_at, last_ordered_at) AS last_seen_at,
    coalesce(messages_sent, 0) AS messages_sent, coalesce(messages_opened, 0) AS messages_opened,
    coalesce(messages_clicked, 0) AS messages_clicked, coalesce(reviews, 0) AS reviews,
    average_rating
FROM identity.persons LEFT JOIN bought USING (person_id) LEFT JOIN visited USING (person_id)
    LEFT JOIN written_to USING (person_id) LEFT JOIN wrote USING (person_id)
