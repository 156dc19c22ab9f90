<schema name="outside">
  <module name="above" src="../*.pml"/>
  <module name="root" src="/**/*"/>
</schema>
