<schema name="partly">
  <union name="dish" required="true"><module name="fish">Fish.</module><module name="rice">Rice.</module></union>
  <module name="plan">Plan for <parameter name="days" length="6" required="true"/>.</module>
</schema>
