<schema name="empty">
  <union name="u" required="true"/>
  <module name="a" requires="b"/>
  <module name="b"/>
</schema>
