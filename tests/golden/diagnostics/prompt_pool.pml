<schema name="s" layout="pack">
  Books:
  <pool name="books">
    <module name="a" after="c">A</module>
    <module name="b">B<module name="chapter" after="a">chapter</module></module>
    <module name="c">C</module>
  </pool>
</schema>
