{# One row a group of claims on the record: the counts first, then the scores of the scored.
   Skill compares sums over the claims whose question base-rate was scored on as well. #}
{% macro scorecard_counts(groups) -%}
select
    {% for column in groups %}
        claims.{{ column }},
    {% endfor %}
    count(*) as made,
    count(*) filter (where claims.is_due) as due,
    count(*) filter (where claims.is_scored) as scored,
    count(*) filter (where claims.is_void) as void,
    count(*) filter (where claims.is_pending) as pending,
    count(*) filter (where claims.is_overdue) as overdue,
    count(*) filter (where claims.is_early) as early,
    avg(scores.brier) as brier,
    avg(scores.log_score) as log_score,
    avg(scores.outcome) as base_rate,
    1 - sum(scores.brier) filter (where scores.reference_brier is not null)
    / nullif(sum(scores.reference_brier), 0) as skill,
    count(scores.reference_brier) as shared,
    count(distinct scores.topic_id) as topics
from {{ ref('fct_claims') }} as claims
left join {{ ref('fct_scored_claims') }} as scores on claims.claim_id = scores.claim_id
where claims.phase = 'record'
group by
    {% for column in groups %}
        claims.{{ column }}{{ ',' if not loop.last }}
    {% endfor %}
{%- endmacro %}
