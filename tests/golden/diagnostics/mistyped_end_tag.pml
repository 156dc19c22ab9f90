<schema name="s">
  <module name="a">one</modul>
  <module name="b">two</module>
</schema>
