<prompt>
  <user>one</user>
  <assistant open="true">two</assistant>
</prompt>
