<schema name="s">
		<module nam="tab">ü日本 <b/></module>
  <module
     name="a"
     colour="b">two</module>
</schema>
