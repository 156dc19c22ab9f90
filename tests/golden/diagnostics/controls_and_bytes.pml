<schema name="controls">
  <module name="ab">ab</module> <bad/> 
  été <worse/> & [31m <bad2/> ab <bad3/> Â… <bad4/> â€® <bad5/>
</schema>
