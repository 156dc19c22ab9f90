<schema name="s">
  Trip.
  <module name="plan">
    Write to <parameter name="name" length="90" scaffold="Ann"/> or <parameter name="other" length="90" scaffold="Bob"/>
    and <parameter name="nobody" length="90" scaffold="somebody or other"/>.
    <module name="hotel">Hotel.</module>
    That is the plan.
  </module>
  <module name="rome">Rome.</module>
  .
  <module name="always" required="true">Be brief.</module>
</schema>
