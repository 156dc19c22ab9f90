<schema name="s">
  one <!-- two
</schema>
