<schema name="s">text<parameter name="p" length="9"/></schema>
