<schema name="kb" layout="pack">
  <system>
    Use these.
    <module name="tone" required="true">Be <parameter name="how" length="9" default="brief"/>.</module>
    <union name="place"><module name="rome">Rome.</module><module name="oslo">In Oslo.</module></union>
    <pool name="docs">
      <module name="a">A1 <module name="in">in</module> A2</module>
      <module name="b">B <parameter name="x" length="4" scaffold="xx"/> end</module>
      <module name="c" context="isolated">C</module>
    </pool>
    Go.
  </system>
</schema>
