<schema name="s">One <module name="m">two</module> three</schema>
