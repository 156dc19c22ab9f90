<schema name="s"><module name="a">A <parameter name="p" length="4"/></module></schema>
