<schema name="unreachable">
  <scaffold modules="g h"/>
  <scaffold modules="way_b f"/>
  <module name="r" required="true" requires="way_a">R.</module>
  <union>
    <module name="way_a">A.</module>
    <module name="way_b">B. <module name="inside">Not said: it stands in the other.</module></module>
  </union>
  <module name="f" excludes="car and parking">F.</module>
  <module name="hotel" required="true" excludes="car and parking">Hotel.</module>
  <module name="parking" required="true">Parking.</module>
  <module name="car">Car.</module>
  <module name="driver" requires="car">Not said: it requires the other.</module>
  <module name="g" excludes="h">G.</module>
  <module name="h">H.</module>
</schema>
