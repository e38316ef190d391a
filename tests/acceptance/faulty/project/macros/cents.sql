{% macro cents(column, scale) %}({{ column }} / 100)::decimal(12, {{ scale }}){% endmacro %}
