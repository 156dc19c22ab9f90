<schema name="behind">
  <module name="a">A.</module>
  <parameter name="tail" length="29" default="Closing words."/>
</schema>
