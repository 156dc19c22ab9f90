<schema name="p">
  <module name="marked">a & b</module> <unknown/>
  <include src="../include_twice.pml"/>
</schema>
