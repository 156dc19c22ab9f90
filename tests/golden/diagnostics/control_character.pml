<schema name="s">bell </schema>
