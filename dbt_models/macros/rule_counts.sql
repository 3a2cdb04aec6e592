{# One row: how many rows of a relation break each of its rules, a column a rule. #}
{% macro rule_counts(model, not_null, unique, key, accepted, open_unit_interval) %}
    {% set counts = {} %}
    {% for column in not_null %}
        {% set missing = 'count(*) filter (where ' ~ column ~ ' is null)' %}
        {% do counts.update({column ~ ' is null': missing}) %}
    {% endfor %}
    {% for column in unique %}
        {% set repeated = 'count(' ~ column ~ ') - count(distinct ' ~ column ~ ')' %}
        {% do counts.update({column ~ ' repeats': repeated}) %}
    {% endfor %}
    {% if key %}
        {% set columns = key | join(', ') %}
        {% set repeated = 'count(*) - count(distinct row(' ~ columns ~ '))' %}
        {% do counts.update({columns ~ ' repeat together': repeated}) %}
    {% endif %}
    {% for column in accepted %}
        {% set listed = "'" ~ accepted[column] | join("', '") ~ "'" %}
        {% set other = 'count(*) filter (where ' ~ column ~ ' not in (' ~ listed ~ '))' %}
        {% do counts.update({column ~ ' is not in its list': other}) %}
    {% endfor %}
    {% for column in open_unit_interval %}
        {% set inside = column ~ ' > 0 and ' ~ column ~ ' < 1' %}
        {% set outside = 'count(*) filter (where not (' ~ inside ~ '))' %}
        {% do counts.update({column ~ ' is not between 0 and 1': outside}) %}
    {% endfor %}
    {% set listed = [] %}
    {% for rule, count in counts.items() %}
        {% do listed.append(count ~ ' as ' ~ adapter.quote(rule | replace('"', ''))) %}
    {% endfor %}
    select {{ listed | join(', ') }}
    from {{ model }}
{% endmacro %}
