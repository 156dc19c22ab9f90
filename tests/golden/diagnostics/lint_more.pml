<schema name="more">
  <system>The total (net)<parameter name="total" length="9"/> and so on…<parameter name="rest" length="9"/></system>
  <module name="out"><parameter name="tail" length="29" default="Outside, too."/></module>
  <user>Word<module name="inner" required="true"><parameter name="first" length="9"/></module></user>
</schema>
