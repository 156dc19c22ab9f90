<schema name="once" layout="p&x;">
  <module name="a&nbsp;b" required="&yes;">One mistake an attribute.</module>
  <module name="c" requires="b & c" excludes="&no;" role="&who;" params="&x;" reserve="1&nbsp;0" cache="&x;"
    context="&x;" space="&x;" after="&x;">
    <parameter name="p" length="1&nbsp;2"/>
    <parameter name="q" values="a|&b;" default="a"/>
    <parameter name="r" values="a|b" default="&c;"/>
  </module>
  <union scaffold="&x;"><module name="d"/></union>
  <scaffold modules="c &x;"/>
</schema>
