{# All that the rows of one table are held to, counted in one pass: a row a rule that is broken,
   with how many rows break it. A test for each rule and column takes longer to start than to
   count.

   not_null, unique, open_unit_interval: columns, each by itself (nulls may repeat; the interval
   is what a log score can take). key: columns that no two rows share. accepted: values by column,
   null besides. #}
{% test rules(model, not_null=[], unique=[], key=[], accepted={}, open_unit_interval=[]) %}
    with counted as ({{ rule_counts(model, not_null, unique, key, accepted, open_unit_interval) }})

    select *
    from (unpivot counted on columns(*) into name rule value broken_by)
    where broken_by > 0
{% endtest %}
