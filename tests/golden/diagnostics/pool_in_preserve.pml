<schema name="s">
  <pool name="books">
    <module name="a">A</module>
  </pool>
</schema>
