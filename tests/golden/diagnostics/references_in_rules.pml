<schema name="rules">
  <module name="b"/>
  <module name="c" after="&#x62;"/>
  <module name="a" requires="b&#10;and c"/>
  <module name="wrong" requires="b &#97;nd &#99;x or&#9;&#100;"/>
  <scaffold modules="&#x62;&#32;c"/>
  <scaffold modules="b c&#x78;&#x79;"/>
</schema>
