<schema name="chains">
  <module name="x" requires="c p q">X.</module>
  <module name="c" excludes="p and r">C.</module>
  <module name="p">P.</module>
  <module name="q" requires="r">Q.</module>
  <module name="r">R.</module>
  <module name="y" requires="(b or c) and p and q">Y.</module>
  <module name="b" excludes="p and q">B.</module>
  <module name="a" requires="around/in">A.</module>
  <module name="around" requires="a">Around. <module name="in">In.</module></module>
  <module name="fine" requires="fine/part">A part that is always there. <module name="part">Part.</module></module>
</schema>
