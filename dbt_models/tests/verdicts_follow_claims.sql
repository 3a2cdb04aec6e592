-- No verdict is decided before its claim was made, superseded ones included.
{{ config(meta={'dagster': {'ref': {'name': 'stg_resolutions'}}}) }}

select
    resolutions.resolution_id,
    resolutions.claim_id,
    claims.made_at,
    resolutions.decided_at
from {{ ref('stg_resolutions') }} as resolutions
inner join {{ ref('stg_claims') }} as claims on resolutions.claim_id = claims.claim_id
where resolutions.decided_at < claims.made_at
