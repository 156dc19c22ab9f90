<schema name="once" layout="pak">
  <module name=p>A value without quotes is still the name.</module>
  <module name=“q” reserve=3>So is one between a word processor's quotes.</module>
  <module nam="r">And one of a misspelt attribute.</module>
  <module name="s"required="true" requires="t">The rest of a tag is read.</module>
  <module name="t" "stray" also requires="nothing">Each mistake in it is said.</module>
  <module name="known" requires="p q r" after="s">No mistake.</module>
  <union name="way" scaffold="car"><module nam="car">One mistake.</module><module name="bus"/></union>
  <pool><module name="u">The layout was said to be none already.</module></pool>
</schema>
