<schema name="pigeons">
  <module name="p0" requires="h0/p0 or h1/p0 or h2/p0 or h3/p0 or h4/p0 or h5/p0 or h6/p0 or h7/p0 or h8/p0"/>
  <module name="p1" requires="h0/p1 or h1/p1 or h2/p1 or h3/p1 or h4/p1 or h5/p1 or h6/p1 or h7/p1 or h8/p1"/>
  <module name="p2" requires="h0/p2 or h1/p2 or h2/p2 or h3/p2 or h4/p2 or h5/p2 or h6/p2 or h7/p2 or h8/p2"/>
  <module name="p3" requires="h0/p3 or h1/p3 or h2/p3 or h3/p3 or h4/p3 or h5/p3 or h6/p3 or h7/p3 or h8/p3"/>
  <module name="p4" requires="h0/p4 or h1/p4 or h2/p4 or h3/p4 or h4/p4 or h5/p4 or h6/p4 or h7/p4 or h8/p4"/>
  <module name="p5" requires="h0/p5 or h1/p5 or h2/p5 or h3/p5 or h4/p5 or h5/p5 or h6/p5 or h7/p5 or h8/p5"/>
  <module name="p6" requires="h0/p6 or h1/p6 or h2/p6 or h3/p6 or h4/p6 or h5/p6 or h6/p6 or h7/p6 or h8/p6"/>
  <module name="p7" requires="h0/p7 or h1/p7 or h2/p7 or h3/p7 or h4/p7 or h5/p7 or h6/p7 or h7/p7 or h8/p7"/>
  <module name="p8" requires="h0/p8 or h1/p8 or h2/p8 or h3/p8 or h4/p8 or h5/p8 or h6/p8 or h7/p8 or h8/p8"/>
  <module name="p9" requires="h0/p9 or h1/p9 or h2/p9 or h3/p9 or h4/p9 or h5/p9 or h6/p9 or h7/p9 or h8/p9"/>
  <module name="h0">
    <union><module name="p0"/><module name="p1"/><module name="p2"/><module name="p3"/><module name="p4"/><module name="p5"/><module name="p6"/><module name="p7"/><module name="p8"/><module name="p9"/></union>
  </module>
  <module name="h1">
    <union><module name="p0"/><module name="p1"/><module name="p2"/><module name="p3"/><module name="p4"/><module name="p5"/><module name="p6"/><module name="p7"/><module name="p8"/><module name="p9"/></union>
  </module>
  <module name="h2">
    <union><module name="p0"/><module name="p1"/><module name="p2"/><module name="p3"/><module name="p4"/><module name="p5"/><module name="p6"/><module name="p7"/><module name="p8"/><module name="p9"/></union>
  </module>
  <module name="h3">
    <union><module name="p0"/><module name="p1"/><module name="p2"/><module name="p3"/><module name="p4"/><module name="p5"/><module name="p6"/><module name="p7"/><module name="p8"/><module name="p9"/></union>
  </module>
  <module name="h4">
    <union><module name="p0"/><module name="p1"/><module name="p2"/><module name="p3"/><module name="p4"/><module name="p5"/><module name="p6"/><module name="p7"/><module name="p8"/><module name="p9"/></union>
  </module>
  <module name="h5">
    <union><module name="p0"/><module name="p1"/><module name="p2"/><module name="p3"/><module name="p4"/><module name="p5"/><module name="p6"/><module name="p7"/><module name="p8"/><module name="p9"/></union>
  </module>
  <module name="h6">
    <union><module name="p0"/><module name="p1"/><module name="p2"/><module name="p3"/><module name="p4"/><module name="p5"/><module name="p6"/><module name="p7"/><module name="p8"/><module name="p9"/></union>
  </module>
  <module name="h7">
    <union><module name="p0"/><module name="p1"/><module name="p2"/><module name="p3"/><module name="p4"/><module name="p5"/><module name="p6"/><module name="p7"/><module name="p8"/><module name="p9"/></union>
  </module>
  <module name="h8">
    <union><module name="p0"/><module name="p1"/><module name="p2"/><module name="p3"/><module name="p4"/><module name="p5"/><module name="p6"/><module name="p7"/><module name="p8"/><module name="p9"/></union>
  </module>
  <module name="all" requires="p0 p1 p2 p3 p4 p5 p6 p7 p8 p9"/>
</schema>
