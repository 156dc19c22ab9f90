<schema name="parts">
  <module name="a">A</module>
  <modul name="b">B</modul>
  <include src="deeper.pml"/>
</schema>
