<schema name="advice">
  <union>
    <module name="d">D.</module>
    <module name="a">A.</module>
  </union>
  <module name="e" requires="d">E.</module>
  <module name="hotel" required="true" excludes="car and day">Hotel.</module>
  <module name="parking" required="true">Parking. <module name="gate" required="true">Gate.</module></module>
  <module name="car" excludes="bike">Car.</module>
  <module name="bike">Bike. <module name="lamp" required="true">Lamp.</module></module>
  <module name="day" excludes="bike/lamp">Day.</module>
  <module name="night" requires="(d or lamp) and not a">Night.</module>
</schema>
