<schema name="s"><module name="m">text <parameter name="p" length="9"/></module></schema>
