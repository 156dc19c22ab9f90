<schema name="once">
  <union>
    <union><module name="inner">Its name is lost with it.</module></union>
    <module name="other" requires="inner">Not a second mistake.</module>
  </union>
  <slot name="room" length="9"><module name="lost"/></slot>
  <include src="taken/none.pml"/>
  <include src=""/>
  <module name="files" src="taken/*.none"/>
  <module name="user" requires="files/a and lost" excludes="elsewhere" after=" ">Nor this.</module>
  <scaffold modules="user elsewhere"/>
</schema>
