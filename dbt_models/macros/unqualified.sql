{# A relation without its database. A view keeps its text, and the published snapshot is a copy
   of the warehouse under another name: a view that names the database would break there. #}
{% macro unqualified(relation) -%}
    {{ relation.include(database=false) }}
{%- endmacro %}
