{# All that the rows of one table are held to, counted in one pass: a row a rule that is broken, with
   how many rows break it. A test for each rule and column costs more in starting than in counting.

   not_null, unique, open_unit_interval: columns, each by itself (nulls may repeat; the interval is
   what a log score can take). key: columns that no two rows share. accepted: values by column,
   null besides. #}
{% test rules(model, not_null=[], unique=[], key=[], accepted={}, open_unit_interval=[]) %}
with counted as (
    select
        {%- for column in not_null %}
        count(*) filter (where {{ column }} is null) as {{ adapter.quote(column | replace('"', '') ~ ' is null') }},
        {%- endfor %}
        {%- for column in unique %}
        count({{ column }}) - count(distinct {{ column }}) as {{ adapter.quote(column | replace('"', '') ~ ' repeats') }},
        {%- endfor %}
        {%- if key %}
        count(*) - count(distinct row({{ key | join(', ') }})) as {{ adapter.quote(key | join(', ') | replace('"', '') ~ ' repeat together') }},
        {%- endif %}
        {%- for column, values in accepted.items() %}
        count(*) filter (where {{ column }} not in (
            {%- for value in values -%}
            {{ "'" ~ value ~ "'" if value is string else value }}{{ ', ' if not loop.last }}
            {%- endfor -%}
        )) as {{ adapter.quote(column | replace('"', '') ~ ' is no value of its list') }},
        {%- endfor %}
        {%- for column in open_unit_interval %}
        count(*) filter (where not ({{ column }} > 0 and {{ column }} < 1)) as {{ adapter.quote(column ~ ' is not between 0 and 1') }},
        {%- endfor %}
    from {{ model }}
)

select *
from (unpivot counted on columns(*) into name rule value broken_by)
where broken_by > 0
{% endtest %}
