<schema name="s">
  one
</schema
