<schema name="circle" layout="pack">
  <pool>
    <module name="a" requires="b" after="b">A.</module>
    <module name="b" after="a">B.</module>
    <module name="c" after="e">C.</module>
    <module name="d" after="c b">D.</module>
    <module name="e">E. <module name="inner" after="d">Inner.</module></module>
  </pool>
</schema>
