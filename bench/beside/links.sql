-- Pairs of identifiers that stood together in a row.
WITH seen AS (
    SELECT list_filter(['record:' || record_id, 'login:' || login, 'customer_no:' || customer_no,
            'loyalty_no:' || loyalty_no, 'email:' || email_token, 'phone:' || phone_token],
            lambda x: x IS NOT NULL) AS nodes,
        coalesce(least(registered_at, updated_at), CAST(coalesce(known_from, loaded_on) AS TIMESTAMP)) AS first_seen,
        coalesce(greatest(registered_at, updated_at), CAST(coalesce(known_from, loaded_on) AS TIMESTAMP)) AS last_seen,
        true AS of_record
    FROM silver.customers
    UNION ALL
    SELECT list_distinct(list_filter([identifier, 'login:' || login, 'customer_no:' || customer_no,
            'device:' || device_id], lambda x: x IS NOT NULL)), min(ordered_at), max(ordered_at), false
    FROM silver.order_lines GROUP BY 1
    UNION ALL
    SELECT list_distinct(list_filter([identifier, 'login:' || login, 'customer_no:' || customer_no,
            'cookie:' || cookie_id, 'device:' || device_id], lambda x: x IS NOT NULL)),
        min(occurred_at), max(occurred_at), false
    FROM silver.events GROUP BY 1
    UNION ALL
    SELECT list_distinct(list_filter([identifier, 'customer_no:' || customer_no,
            'email:' || email_token, 'phone:' || phone_token], lambda x: x IS NOT NULL)),
        min(occurred_at), max(occurred_at), false
    FROM silver.consents GROUP BY 1
    UNION ALL
    SELECT list_distinct(list_filter([identifier, 'customer_no:' || customer_no,
            'email:' || email_token], lambda x: x IS NOT NULL)),
        min(sent_at), max(sent_at), false
    FROM silver.messages GROUP BY 1
    UNION ALL
    SELECT list_distinct(list_filter([identifier, 'customer_no:' || customer_no],
            lambda x: x IS NOT NULL)), min(written_at), max(written_at), false
    FROM silver.feedback GROUP BY 1
), pairs AS (
    SELECT unnest(CASE
        WHEN len(nodes) = 1 THEN [{a: nodes[1], b: nodes[1]}]
        WHEN of_record THEN list_transform(nodes[2:], lambda n: {a: nodes[1], b: n})
        ELSE list_filter(flatten(list_transform(nodes, lambda m:
            list_transform(nodes, lambda n: {a: m, b: n}))), lambda p: p.a < p.b) END) AS pair,
        first_seen, last_seen
    FROM seen WHERE len(nodes) > 0
)
SELECT least(pair.a, pair.b) AS left_id, greatest(pair.a, pair.b) AS right_id,
    min(first_seen) AS first_seen, max(last_seen) AS last_seen
FROM pairs GROUP BY 1, 2
