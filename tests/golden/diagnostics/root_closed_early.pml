<schema name="x"/>
<module name="a">A</module>
<module name="b">B</module>
</schema>
