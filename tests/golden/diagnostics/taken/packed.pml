<schema name="packed" layout="pack"/>
