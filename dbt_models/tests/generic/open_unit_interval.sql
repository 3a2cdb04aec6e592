{# A probability that a log score can take: above 0 and below 1. #}
{% test open_unit_interval(model, column_name) %}
select {{ column_name }}
from {{ model }}
where not ({{ column_name }} > 0 and {{ column_name }} < 1)
{% endtest %}
