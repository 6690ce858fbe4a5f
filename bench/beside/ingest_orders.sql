-- Landing files to typed and valued order lines, each once, without those that are refused.
WITH raw AS (
    SELECT *, CAST(regexp_extract(filename, '(\d{4}-\d\d-\d\d)/', 1) AS DATE) AS known_from,
        timezone('Europe/London', try_cast(ordered_at AS TIMESTAMP)) AS moment,
        try_cast(quantity AS DECIMAL(18, 3)) AS pieces,
        try_cast(unit_price AS DECIMAL(18, 4)) AS price,
        coalesce(try_cast(discount AS DECIMAL(18, 4)), 0) AS less
    FROM read_csv(getvariable('landing') || '/*/orders.csv', filename = true, header = true,
        all_varchar = true, delim = ',', quote = '"', ignore_errors = true)
), priced AS (
    SELECT *, CAST(timezone('Europe/London', moment) AS DATE) AS order_date,
        CAST(pieces * price - less AS DECIMAL(18, 4)) AS amount,
        CASE coalesce(currency, 'GBP') WHEN 'GBP' THEN 1 WHEN 'EUR' THEN 0.8547 END AS rate
    FROM raw
)
SELECT order_id || '|' || line_no AS line_id, order_id, kind,
    coalesce('login:' || account_id, 'customer_no:' || customer_no, 'device:' || device_id)
        AS identifier,
    moment AS ordered_at, order_date, product_id, pieces AS quantity, price AS unit_price, amount,
    CAST(amount * CAST(rate AS DECIMAL(18, 8)) AS DECIMAL(18, 4)) AS amount_base, channel, store_id
FROM priced
WHERE known_from <= getvariable('night')
    AND order_id IS NOT NULL AND line_no IS NOT NULL AND moment IS NOT NULL
    AND pieces IS NOT NULL AND price IS NOT NULL AND rate IS NOT NULL
    AND moment < timezone('Europe/London', CAST(known_from + 1 AS TIMESTAMP)) + INTERVAL 1 HOUR
    AND moment >= timezone('Europe/London', CAST(known_from - 89 AS TIMESTAMP))
    AND (kind = 'sale' AND pieces > 0 AND price >= 0 AND amount >= 0
        OR kind IN ('return', 'cancellation') AND pieces <= 0 AND amount <= 0
        OR kind = 'adjustment')
QUALIFY row_number() OVER (PARTITION BY order_id, line_no ORDER BY known_from DESC) = 1
