<schema name="s">
  An unassigned character: &#x40000; <!-- not this one: &#x40002; --> and
  one more, &#262144;, another &#x40002; <![CDATA[&#x40003; 񀀃]]> 
  <parameter name="p" length="9" default="a &#x40001;&#x40004;"/>
  <parameter name="q" values="a|b &#x40001;" default="b &#x40001;"/>
  <module name="m" params="inline">here {x:10=a񀀄b}</module>
  <module name="f" src="taken/&#x6e;o_token.txt"/>
</schema>
