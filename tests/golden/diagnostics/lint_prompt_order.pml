<schema name="s">
  <module name="plan">
    Plan.
    <module name="hotel">Hotel.</module>
    That is the plan.
  </module>
  <module name="rome">Rome.</module>
  .
</schema>
