<?xml version="1.0" encoding="UTF-8"?>
<!-- Every element of the first part of the language. -->
<schema name="everything" version="2" context="guaranteed">
  <system>
    You are a guide.
    <module name="rules" required="true">
      Be brief.
        - no lists
    </module>
    <union name="city" required="true" scaffold="rome">
      <module name="rome" context="isolated">Rome <module name="forum">has a forum</module>.</module>
      <module name="oslo" cache="false">Oslo.</module>
      <module name="nowhere"/>
    </union>
    Stay <parameter name="days" length="4" default="3 days"/>.
  </system>
  <user>
    I am <parameter name="who" length="6" scaffold="a teacher"/> from
    <parameter name="home" length="3" required="true"/>.
  </user>
  <module name="unit.py"><![CDATA[
if a < b:
    pass
]]></module>
  <module name="tight" space="collapse">
    one
      two   three
  </module>
  <scaffold name="pair" modules="rules rome/forum"/>
</schema>
