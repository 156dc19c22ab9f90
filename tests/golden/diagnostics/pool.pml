<schema name="s" layout="pack">
  <module name="early" after="late">E</module>
  <module name="late" after="early late inner nobody">L<module name="inner">I</module></module>
  <pool name="books" size="3">
    words
    <module name="a" required="true">A</module>
    <module name="b" after="a/x c">B</module>
    <module name="c"/>
    <parameter name="p" length="3"/>
    <pool/>
  </pool>
  <pool name="early"/>
</schema>
