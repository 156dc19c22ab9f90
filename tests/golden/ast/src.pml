<schema name="src">
  Read this:
  <module name="code" src="code.txt"/>
  <module name="again" src="code.txt" space="collapse"/>
</schema>
