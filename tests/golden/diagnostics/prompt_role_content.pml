<schema name="s"><module name="rome">Rome</module></schema>
