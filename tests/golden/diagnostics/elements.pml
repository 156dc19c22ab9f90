<schema name="s" colour="red" layout="packed" context="typical" repair="joints">
	<modul name="m">text</modul>
  <modules name="m2">text</modules>
  <blink>text</blink>
  <include src="other.pml"/>
  <slot name="free" length="10"/>
  <union name="u">
    words
    <module name="a" required="true">A</module>
    <parameter name="p" length="3"/>
  </union>
  <module name="b" requird="true" requires="a" cache="no">
    <scaffold modules="a b"/>
    <parameter name="q">content</parameter>
    <parameter name="module" length="2"/>
    <parameter name="r" length="0"/>
    <parameter name="t" length="4" default="x" scaffold="y"/>
    <parameter name="v" length="4" default="x" required="true"/>
  </module>
  <module name="b">again</module>
  <module name="a:b">colon</module>
  <module>nameless</module>
  <user>one <user>two</user></user>
</schema>
