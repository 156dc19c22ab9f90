<schema name="s">
  <module name="plan">Plan. <module name="hotel">Hotel.</module> End.</module>
  <module name="rome">Rome.</module>
  .
</schema>
