with claims as (
    select * from {{ ref('fct_claims') }}
    where phase = 'record'
),

stages as (
    select
        forecaster,
        1 as position,
        'made' as stage,
        count(*) as claims
    from claims
    group by forecaster
    union all
    select
        forecaster,
        2 as position,
        'due' as stage,
        count(*) filter (where is_due) as claims
    from claims
    group by forecaster
    union all
    select
        forecaster,
        3 as position,
        'settled' as stage,
        count(*) filter (where is_scored or is_void) as claims
    from claims
    group by forecaster
    union all
    select
        forecaster,
        4 as position,
        'scored' as stage,
        count(*) filter (where is_scored) as claims
    from claims
    group by forecaster
)

select
    forecaster,
    position,
    stage,
    claims
from stages
