select
    seq,
    claim_id,
    question_id,
    report_id,
    topic_id,
    topic_label,
    section,
    forecaster,
    model,
    prompt_digest,
    sample_index,
    template,
    case
        when template like 'trigger%' then 'trigger'
        when template like 'event:%' then 'event'
        else 'coverage volume'
    end as family,
    statement,
    threshold,
    made_at,
    as_of,
    day,
    resolve_by,
    window_days,
    strftime(resolve_by, '%Y-%m') as deadline_month,
    strftime(made_at, '%Y-%m') as cohort,
    probability,
    band,
    rationale,
    resolution_criteria,
    resolver,
    phase,
    cost_usd,
    code_version
from {{ unqualified(source('forecasts', 'claims')) }}
