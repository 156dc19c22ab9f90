<schema name="none"><module name="m">text</module></schema>
