<schema name="roles">
  <module name="b">B.</module>
</schema>
