<schema name="s">
  <parameter name="tone" values="warm|cool"/>
  <slot name="notes" length="3"/>
  <module name="m">Text.<slot name="one" length="9"/><slot name="two" length="9"/></module>
</schema>
