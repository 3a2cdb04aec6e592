{# All that the rows of one table are held to, counted in one pass: a row a rule that is broken,
   with how many rows break it. A test for each rule and column takes longer to start than to
   count.

   not_null, unique, open_unit_interval: columns, each by itself (nulls may repeat; the interval
   is what a log score can take). key: columns that no two rows share. accepted: values by column,
   null besides. #}
{% test rules(model, not_null=[], unique=[], key=[], accepted={}, open_unit_interval=[]) %}
    {% set counts = {} %}
    {% for column in not_null %}
        {% do counts.update({column ~ ' is null': 'count(*) filter (where ' ~ column ~ ' is null)'}) %}
    {% endfor %}
    {% for column in unique %}
        {% do counts.update({
            column ~ ' repeats': 'count(' ~ column ~ ') - count(distinct ' ~ column ~ ')'
        }) %}
    {% endfor %}
    {% if key %}
        {% set columns = key | join(', ') %}
        {% do counts.update({
            columns ~ ' repeat together': 'count(*) - count(distinct row(' ~ columns ~ '))'
        }) %}
    {% endif %}
    {% for column in accepted %}
        {% set broken = column ~ " not in ('" ~ accepted[column] | join("', '") ~ "')" %}
        {% do counts.update({column ~ ' is out of its list': 'count(*) filter (where ' ~ broken ~ ')'}) %}
    {% endfor %}  {# noqa: LT02 #}
    {% for column in open_unit_interval %}
        {% set broken = 'not (' ~ column ~ ' > 0 and ' ~ column ~ ' < 1)' %}
        {% do counts.update({column ~ ' is not inside 0 to 1': 'count(*) filter (where ' ~ broken ~ ')'}) %}
    {% endfor %}
    with counted as (
        select
            {% for rule, count in counts.items() %}
            {{ count }} as {{ adapter.quote(rule | replace('"', '')) }}{{ ',' if not loop.last }}
            {% endfor %}
        from {{ model }}
    )

    select *
    from (unpivot counted on columns(*) into name rule value broken_by)
    where broken_by > 0
{% endtest %}
