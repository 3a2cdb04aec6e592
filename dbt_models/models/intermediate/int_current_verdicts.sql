with verdicts as (
    select * from {{ unqualified(ref('stg_resolutions')) }}
),

superseded as (
    select distinct supersedes as resolution_id
    from verdicts
    where supersedes is not null
)

select
    verdicts.claim_id,
    verdicts.question_id,
    verdicts.resolution_id,
    verdicts.verdict,
    verdicts.decided_at,
    verdicts.decided_by,
    verdicts.reason,
    verdicts.supersedes is not null as is_correction
from verdicts
left join superseded on verdicts.resolution_id = superseded.resolution_id
-- The moment alone does not decide: a correction may bear the time of what it corrects.
qualify row_number() over (
    partition by verdicts.claim_id
    order by
        superseded.resolution_id is null desc,
        verdicts.decided_at desc,
        verdicts.supersedes is null asc,
        verdicts.resolution_id asc
) = 1
