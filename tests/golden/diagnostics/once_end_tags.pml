<schema nom="end">
  <module nÉme="a">One mistake.</module>
  <module name="b">One, too.</modul
  </module x>
  <parameter name="p" lang="9" default="d"/>
  <slot/>
</schema>
