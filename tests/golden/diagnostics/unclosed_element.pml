<schema name="s">
  <module name="a">one
  <module name="b">two</module>
</schema>
