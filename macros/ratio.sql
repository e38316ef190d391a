{#- A share between 0 and 1, or null where there is nothing to divide by. -#}
{% macro share(part, whole) -%}
round({{ part }} / nullif({{ whole }}, 0), 4)
{%- endmacro %}
