<schema name="s">
  <module name="user">A role's name.</module>
  <module name="2nd">A digit.</module>
  <module name="-last">A sign.</module>
  <slot name="slot" length="5"/>
  <module name="_fine">Legal.</module>
  <module name="files" src="taken/[0-9]*.txt"/>
</schema>
