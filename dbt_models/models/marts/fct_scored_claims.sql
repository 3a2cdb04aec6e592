with scored as (
    select
        *,
        cast(verdict = 'yes' as integer) as outcome
    from {{ ref('fct_claims') }}
    where phase = 'record' and is_scored
),

scores as (
    select
        *,
        (probability - outcome) * (probability - outcome) as brier,
        -- Of the verdict's own probability, so that no term can be 0 times infinity.
        -ln(case when outcome = 1 then probability else 1 - probability end) as log_score
    from scored
),

reference as (
    select
        question_id,
        avg(brier) as brier
    from scores
    where forecaster = 'base-rate'
    group by question_id
)

select
    scores.claim_id,
    scores.question_id,
    scores.topic_id,
    scores.topic_label,
    scores.section,
    scores.forecaster,
    scores.model,
    scores.prompt_digest,
    scores.template,
    scores.family,
    scores.window_days,
    scores.deadline_month,
    scores.cohort,
    scores.band,
    scores.resolver,
    scores.made_at,
    scores.resolve_by,
    scores.decided_at,
    scores.probability,
    scores.outcome,
    scores.brier,
    scores.log_score,
    reference.brier as reference_brier,
    reference.brier - scores.brier as skill_contribution
from scores
left join reference on scores.question_id = reference.question_id
