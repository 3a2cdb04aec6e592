with binned as (
    select
        forecaster,
        probability,
        outcome,
        cast(least(floor(probability * 10), 9) as integer) as bin
    from {{ ref('fct_scored_claims') }}
)

select
    forecaster,
    bin,
    cast(bin as double) / 10 as low,
    cast(bin + 1 as double) / 10 as high,
    count(*) as claims,
    avg(probability) as mean_probability,
    avg(outcome) as observed
from binned
group by forecaster, bin
