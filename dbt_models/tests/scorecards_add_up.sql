-- Every claim made is due or pending, and every due one is scored, void or overdue.
{{ config(meta={'dagster': {'ref': {'name': 'scorecard_by_forecaster'}}}) }}

{% for name in [
    'forecaster', 'model', 'prompt', 'section', 'template', 'horizon', 'band', 'resolver',
    'deadline_month', 'cohort'
] %}
    select
        '{{ name }}' as scorecard,
        forecaster,
        made,
        due,
        scored,
        void,
        pending,
        overdue,
        early
    from {{ ref('scorecard_by_' ~ name) }}
    where made != due + pending or due != scored + void + overdue or early > pending
    {% if not loop.last %}union all{% endif %}
{% endfor %}
