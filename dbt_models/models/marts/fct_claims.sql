with judged as (
    select
        claims.*,
        verdicts.verdict,
        verdicts.decided_at,
        -- Before the first edition there is no moment, and nothing is due.
        coalesce(claims.resolve_by <= moment.as_of, false) as is_due
    from {{ ref('stg_claims') }} as claims
    left join {{ ref('int_current_verdicts') }} as verdicts
        on claims.claim_id = verdicts.claim_id
    cross join {{ ref('int_as_of') }} as moment
)

select
    claim_id,
    question_id,
    report_id,
    topic_id,
    topic_label,
    section,
    forecaster,
    model,
    prompt_digest,
    template,
    family,
    statement,
    made_at,
    resolve_by,
    window_days,
    deadline_month,
    cohort,
    probability,
    band,
    resolver,
    phase,
    verdict,
    decided_at,
    case
        when is_due and verdict in ('yes', 'no') then 'scored'
        when is_due and verdict = 'void' then 'void'
        when is_due then 'overdue'
        when verdict is not null then 'early'
        else 'pending'
    end as status,
    is_due,
    is_due and coalesce(verdict in ('yes', 'no'), false) as is_scored,
    is_due and coalesce(verdict = 'void', false) as is_void,
    not is_due as is_pending,
    is_due and verdict is null as is_overdue,
    not is_due and verdict is not null as is_early,
    epoch(decided_at - made_at) / 86400 as days_to_verdict
from judged
