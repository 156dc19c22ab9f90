<schema name="s">
  Dear <parameter name="name" length="4" default="madam"/>
</schema>
