<schema name="s"><module name="f">F</module><module name="a">A <parameter name="x" length="3"/></module></schema>
