<schema name="s">
  <union scaffold="aa">
    <module name="a">A</module>
    <module name="b">B<module name="inner">I</module></module>
  </union>
  <module name="c">C<module name="inner">I</module></module>
  <scaffold modules="a b/inner"/>
  <scaffold modules="a cc"/>
  <scaffold modules="inner c"/>
  <scaffold modules="a"/>
  <scaffold modules="c c"/>
  <union required="true"/>
</schema>
