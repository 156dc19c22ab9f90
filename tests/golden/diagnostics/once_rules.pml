<schema name="rules">
  <module name="c">C.</module>
  <module name="d">D.</module>
  <module name="e" requires="c and (f" excludes="d or or nothing">A rule is read on for its names.</module>
  <module name="f" requires="This is no rule!" excludes="c(x='1')"/>
  <module name="g" requires="`c and nowhere d">Quoted.</module>
</schema>
