<schema name="rules" layout="pack">
  <module name="alone" excludes="alone"/>
  <module name="needs" requires="gone and first"/>
  <module name="first" requires="second"/>
  <module name="second" requires="third and third">2</module>
  <module name="third" requires="first"/>
  <union>
    <module name="one" requires="two"/>
    <module name="two"/>
  </union>
  <module name="house" required="true" excludes="tent"/>
  <module name="tent"/>
  <module name="camp" requires="tent or (caravan and not house)"/>
  <module name="caravan"/>
  <module name="syntax" requires="first and"/>
  <module name="brackets" requires="(first or second"/>
  <module name="words" excludes="first second not"/>
  <module name="empty" requires=" "/>
  <slot name="notes" length="5"/>
  <module name="to-slot" requires="notes"/>
</schema>
