<schema name="s"><user>
  <module name="not" requires="b"> x</module><module name="b"> b</module>
  <module name="two"> <slot name="p" length="3"/> <slot name="q" length="3"/></module></user>
</schema>
