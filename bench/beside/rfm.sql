-- Recency, frequency and monetary value, scored by the bin of their mid-rank.
WITH spend AS (
    SELECT person_id, getvariable('night') - max(order_date) FILTER (kind = 'sale') AS recency_days,
        count(DISTINCT o.source || order_id) FILTER (kind = 'sale') AS frequency,
        sum(amount_base) AS monetary
    FROM silver.order_lines o JOIN identity.identifiers i ON i.identifier = o.identifier
        AND (valid_from IS NULL OR valid_from <= ordered_at)
        AND (valid_to IS NULL OR ordered_at < valid_to)
        LEFT JOIN silver.products p ON p.product_id = o.product_id
    WHERE kind IN ('sale', 'return', 'cancellation') AND coalesce(p.item_type, 'product') = 'product'
        AND order_date <= getvariable('night') AND order_date > getvariable('night') - 365
    GROUP BY person_id HAVING frequency > 0
)
SELECT person_id, recency_days, frequency, monetary,
    1 + (5 * (2 * (rank() OVER r - 1) + count(*) OVER (PARTITION BY recency_days)))
        // (2 * count(*) OVER ()) AS r_score,
    1 + (5 * (2 * (rank() OVER f - 1) + count(*) OVER (PARTITION BY frequency)))
        // (2 * count(*) OVER ()) AS f_score,
    1 + (5 * (2 * (rank() OVER m - 1) + count(*) OVER (PARTITION BY monetary)))
        // (2 * count(*) OVER ()) AS m_score
FROM spend
WINDOW r AS (ORDER BY recency_days DESC), f AS (ORDER BY frequency), m AS (ORDER BY monetary)
