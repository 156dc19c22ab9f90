<schema name="lunch">
  <parameter name="tone" length="9" required="true"/>
  <module name="plan"><parameter name="dur" length="9" required="true"/><union required="true"><module name="sea">S</module></union></module>
  <module name="visa" requires="plan/sea">V</module>
</schema>
