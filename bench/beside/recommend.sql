-- Scores as lists with a reason in words; who has none of their own gets those of everybody.
WITH told AS (
    SELECT person_id, rank, s.product_id, score, strategy, model_version, CASE
            WHEN strategy = 'popular_in_segment' THEN 'Popular with customers like you'
            WHEN strategy <> 'als' THEN 'Popular with our customers'
            WHEN because = s.product_id AND because_bought THEN 'You have bought this before'
            WHEN because = s.product_id THEN 'You have looked at this'
            WHEN name IS NULL THEN 'Chosen for you'
            WHEN because_bought THEN 'Because you bought ' || name
            ELSE 'Because you were interested in ' || name END AS reason
    FROM gold.scores s LEFT JOIN silver.products p ON p.product_id = s.because
    WHERE as_of = getvariable('night')
), lists AS (
    FROM told WHERE person_id <> '*'
    UNION ALL BY NAME
    SELECT p.person_id, t.* EXCLUDE (person_id)
    FROM (FROM identity.persons WHERE person_id NOT IN (SELECT person_id FROM told)) p
        CROSS JOIN told t WHERE t.person_id = '*'
)
SELECT person_id, rank, product_id, score, strategy, reason, model_version,
    CAST(getvariable('night') + INTERVAL 1 DAY AS TIMESTAMP WITH TIME ZONE) AS generated_at,
    getvariable('night') AS as_of
FROM lists
