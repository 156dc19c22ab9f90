<schema name="s">
  <include src="taken/parts.pml"/>
  <include src="taken/none.pml"/>
  <include src="taken/circle.pml"/>
  <include src="taken/packed.pml"/>
  <include src="taken/no_schema.pml"/>
  <include/>
  <union><include src="taken/members.pml"/></union>
  <user><include src="taken/turn.pml"/></user>
</schema>
