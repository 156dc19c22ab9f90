<schema name="s">
  <module name="a" src="taken/lines.txt#L2-9"/>
  <module name="b" src="taken/lines.txt#L3-2"/>
  <module name="c" src="taken/lines.txt#10"/>
  <module name="d" src="taken/*.none"/>
  <module name="e" src="taken/bad*.txt"/>
  <module name="f" src="taken/lines.txt#L2" params="inline"/>
</schema>
