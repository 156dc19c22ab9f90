<schema name="s">
  <module name="m" reserve="1750">Text.</module>
</schema>
