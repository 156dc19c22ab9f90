<schema name="s">
  An unassigned character: &#x40000;
  <parameter name="p" length="9" default="&#x40001;"/>
</schema>
