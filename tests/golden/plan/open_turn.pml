<schema name="s"><system>S</system></schema>
