<schema name="roles"><system>Be kind.</system></schema>
