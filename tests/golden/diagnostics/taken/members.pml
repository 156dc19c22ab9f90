<schema name="members">text<module name="a"/><parameter name="x" length="1"/></schema>
