<schema name="s" space="collapse" xml:space="preserve">
  <module name="a" role="writer" reserve="0" params="some" xml:space="keep"/>
  <module name="b" params="inline">Hello {who}, {city:x} and {town:3=a
    line} {{braces}} {ok:5=fine} {gone:4</module>
  <parameter name="tone" values="warm||cool|warm" default="hot"/>
  <slot name="s1"/>
  <slot length="4"/>
  <slot name="a" length="4"/>
  <user><module name="c" role="user">x</module></user>
</schema>
