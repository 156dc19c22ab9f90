<schema name="trip">
  <module name="plan">Plan for<parameter name="days" length="6" required="true"/></module>
  <union name="place" required="true">
    <module name="rome">Rome</module>
    <module name="oslo">Oslo</module>
  </union>
  <module name="end">The end.</module>
</schema>
