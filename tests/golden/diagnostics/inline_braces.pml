<schema name="inline">
  <module name="a" params="inline">{name:9=our valued
    customer}, {x:3={y:3}} {{ {z {u {v:4 {w:5}</module>
  <module name="b" src="taken/*.txt#L1-2"/>
</schema>
