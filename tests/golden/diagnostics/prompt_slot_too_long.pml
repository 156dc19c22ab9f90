<schema name="s">
  Look: <slot name="notes" length="3"/>
</schema>
