<schema name="s">
  <module name="a">aaa</module>
  <union>
    <module name="b">b</module>
    <module name="long">llllllllllllllllllll</module>
  </union>
  <module name="c">ccc</module>
</schema>
