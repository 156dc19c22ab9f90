<?xml version="1.0" encoding="UTF-8"?>
<prompt schema="visit_summary">
  <form age="61"
      where="right knee"
      rest="2"
      movement="5"
      better="cooling"
      goal="walk to the allotment, 2 km"
      referral="the surgeon"/>
  <after-operation operation="meniscus, 18 March"
      limits="no bending beyond 90 degrees until 29 April"/>
  <letter/>
  <user>The form says 5 for movement, but on the stairs it is more like an 8.</user>
</prompt>
