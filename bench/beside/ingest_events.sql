-- Landing files to typed events, each once, without those that the catalogue's rules refuse.
WITH raw AS (
    SELECT *, CAST(regexp_extract(filename, '(\d{4}-\d\d-\d\d)/', 1) AS DATE) AS known_from,
        timezone('UTC', try_cast(replace(occurred_at, 'Z', '') AS TIMESTAMP)) AS moment
    FROM read_json(getvariable('landing') || '/*/events.jsonl.gz', filename = true,
        format = 'newline_delimited', ignore_errors = true, columns = {
            event_id: 'VARCHAR', occurred_at: 'VARCHAR', type: 'VARCHAR', session_id: 'VARCHAR',
            device_id: 'VARCHAR', cookie_id: 'VARCHAR', account_id: 'VARCHAR',
            product_id: 'VARCHAR', query: 'VARCHAR', dwell_ms: 'VARCHAR', page: 'VARCHAR',
            order_id: 'VARCHAR', message_id: 'VARCHAR', value: 'VARCHAR', device_kind: 'VARCHAR'})
)
SELECT event_id, type,
    coalesce('login:' || account_id, 'cookie:' || cookie_id, 'device:' || device_id) AS identifier,
    account_id AS login, device_id, cookie_id, session_id, moment AS occurred_at,
    CAST(timezone('Europe/London', moment) AS DATE) AS event_date, product_id, query, page,
    try_cast(dwell_ms AS BIGINT) AS dwell_ms, order_id, message_id,
    try_cast(value AS DECIMAL(18, 4)) AS value, device_kind
FROM raw
WHERE known_from <= getvariable('night')
    AND event_id IS NOT NULL AND moment IS NOT NULL
    AND moment < timezone('Europe/London', CAST(known_from + 1 AS TIMESTAMP)) + INTERVAL 1 HOUR
    AND moment >= timezone('Europe/London', CAST(known_from - 29 AS TIMESTAMP))
    AND type IN ('page_view', 'product_view', 'search', 'hover', 'add_to_cart', 'remove_from_cart',
        'purchase', 'email_open', 'email_click', 'redemption')
    AND (dwell_ms IS NULL OR try_cast(dwell_ms AS BIGINT) BETWEEN 0 AND 86400000)
    AND (value IS NULL OR try_cast(value AS DECIMAL(18, 4)) IS NOT NULL)
    AND coalesce(account_id, device_id, cookie_id, message_id) IS NOT NULL
QUALIFY row_number() OVER (PARTITION BY event_id ORDER BY known_from) = 1
