<schema name="s">café</schema>
