<schema name="s">
  one</use> two
</schema>
