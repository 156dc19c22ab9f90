<schema name="trip">
  <module name="plan">Plan for <parameter name="days" length="6"/> <slot name="wish" length="4"/></module>
  <module name="end">The end.</module>
</schema>
