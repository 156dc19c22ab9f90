<schema name="two">
  <module name="a"><module name="x">A</module></module>
  <module name="b"><module name="x">B</module></module>
</schema>
