-- What each person did with each product on each day.
WITH goods AS (SELECT product_id, item_type FROM silver.products),
acts AS (
    SELECT identifier, product_id, CASE kind WHEN 'sale' THEN 'purchase' ELSE 'return' END AS kind,
        order_date AS occurred_on, ordered_at AS at,
        coalesce(nullif(abs(quantity), 0), 1) AS quantity, amount_base AS value
    FROM silver.order_lines LEFT JOIN goods USING (product_id)
    WHERE kind IN ('sale', 'return', 'cancellation') AND coalesce(item_type, 'product') = 'product'
        AND product_id IS NOT NULL AND (quantity = 0 AND amount_base = 0) IS NOT TRUE
        AND order_date <= getvariable('night')
    UNION ALL
    SELECT coalesce(m.identifier, e.identifier), e.product_id, e.type, e.event_date, e.occurred_at,
        1, NULL
    FROM silver.events e LEFT JOIN silver.messages m USING (message_id)
        LEFT JOIN goods g ON g.product_id = e.product_id
    WHERE e.type IN ('add_to_cart', 'product_view', 'email_click') AND e.product_id IS NOT NULL
        AND coalesce(item_type, 'product') = 'product' AND e.event_date <= getvariable('night')
    UNION ALL
    SELECT identifier, f.product_id, 'review',
        CAST(timezone('Europe/London', timezone('UTC', written_at)) AS DATE), written_at, 1, NULL
    FROM silver.feedback f LEFT JOIN goods g ON g.product_id = f.product_id
    WHERE f.product_id IS NOT NULL AND coalesce(item_type, 'product') = 'product'
        AND CAST(timezone('Europe/London', timezone('UTC', written_at)) AS DATE) <= getvariable('night')
)
SELECT person_id, product_id, kind, occurred_on, CAST(sum(quantity) AS DOUBLE) AS quantity,
    CAST(sum(value) AS DECIMAL(20, 4)) AS value
FROM acts JOIN identity.identifiers i ON i.identifier = acts.identifier
    AND (valid_from IS NULL OR valid_from <= at) AND (valid_to IS NULL OR at < valid_to) GROUP BY ALL
