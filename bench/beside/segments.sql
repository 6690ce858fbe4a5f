-- Who is in which segment since the first night.
SELECT person_id, 'rfm' AS family, segment, getvariable('night') AS valid_from,
    CAST(NULL AS DATE) AS valid_to
FROM gold.rfm WHERE as_of = getvariable('night')
UNION ALL
SELECT person_id, 'cluster', name, getvariable('night'), NULL
FROM gold.clusters WHERE as_of = getvariable('night')
