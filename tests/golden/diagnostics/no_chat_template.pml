<schema name="s"><system>one</system></schema>
