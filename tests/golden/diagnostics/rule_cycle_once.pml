<schema name="circle">
  <module name="a" requires="b" excludes="c"/>
  <module name="b" requires="a" excludes="c"/>
  <module name="c" requires="not `or`"/>
</schema>
