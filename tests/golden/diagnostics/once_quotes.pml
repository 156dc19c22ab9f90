<schema name="quotes">
  <module name=north">A quote is missing.</module>
  <module name="p" requires=north" reserve=6"/>
  <module name="q" after=two words here requires="nothing"/>
</schema>
