<schema name="s"><module name="a">aaa</module><module name="b">bbb</module></schema>
