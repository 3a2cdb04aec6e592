select
    resolution_id,
    claim_id,
    question_id,
    verdict,
    decided_at,
    day,
    decided_by,
    evidence,
    reason,
    supersedes,
    code_version
from {{ unqualified(source('outcomes', 'resolutions')) }}
