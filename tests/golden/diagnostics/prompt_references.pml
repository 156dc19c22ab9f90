<schema name="references">
  <module name="plan">Plan. <module name="stay" required="true">Stay <parameter name="nights" length="3" required="true"/></module></module>
  <union name="food"><module name="fish">Fish.</module><module name="rice">Rice.</module></union>
</schema>
