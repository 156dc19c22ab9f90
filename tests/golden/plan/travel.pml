<schema name="trip">
  <system>
    Plan trips.
    <module name="rules" required="true">Be kind.</module>
    <union name="place">
      <module name="sea">By the sea<union><module name="crete">, Crete</module><module name="bali">, on Bali</module></union>.</module>
      <module name="city">In Rome.</module>
    </union>
    Stay <parameter name="days" length="8" default="3 days"/>.
  </system>
  <user>I am <parameter name="who" length="10" scaffold="a cook"/>.</user>
</schema>
