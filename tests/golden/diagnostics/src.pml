<schema name="s">
  <module name="gone" src="no_such_file.txt"/>
  <module name="outside" src="../ast"/>
  <module name="both" src="src.pml">text</module>
  <module name="lines" src="src.pml#L1-99"/>
  <module name="folder" src="."/>
</schema>
