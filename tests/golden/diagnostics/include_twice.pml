<schema name="twice">
  <module name="one"><include src="taken/marked.pml"/></module>
  <module name="two"><include src="taken/marked.pml"/></module>
  <include src="include_twice.pml"/>
  <module name="bad" src="taken/bad.txt"/> <module name="again" src="taken/bad.txt"/>
  <module name="one">Said once.</module>
</schema>
