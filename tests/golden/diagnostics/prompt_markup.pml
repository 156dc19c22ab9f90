<schema name="markup">
  <union name="dish" required="true"><module name="fish">Fish.</module><module name="rice">Rice.</module></union>
  <module name="plan">Plan for <parameter name="days" length="6" required="true"/>.</module>
  <module name="wine" requires="fish">Wine.</module>
</schema>
