<schema name="s">
  Stay for<parameter name="days" length="9"/> in <parameter name="place" length="9"/>,<slot name="notes" length="9"/>
  Café<parameter name="table" length="9" values="one|two"/>
  These bring their own:<parameter name="a" length="9" default=" x"/>.<parameter name="b" length="9" scaffold="!"/>
  Signs and numbers: "<parameter name="c" length="9"/>" $<parameter name="d" length="9"/> 10:<parameter name="e" length="9"/>
  東京は<parameter name="f" length="9"/>, กรุงเทพ<parameter name="g" length="9"/>
  <![CDATA[const]]><parameter name="h" length="9"/>
  <module name="m" params="inline" space="collapse">{a:5}Costs:{b:5} or {c:5=1}; a very{d:5}
    averyveryveryveryveryveryverylongword{e:5}</module>
</schema>
