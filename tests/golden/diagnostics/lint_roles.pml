<schema name="s">
  Outside.
  <system>Inside. <module name="in">Inside, too.</module></system>
  <module name="out">One <parameter name="p" length="5"/> warning.
    <union><module name="inner">Another one.</module></union>
    once for each element
  </module>
  <module name="empty"><user>Inside.</user></module>
  <parameter name="hole" length="5"/>
</schema>
