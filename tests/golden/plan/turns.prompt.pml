<prompt>
  <user>one</user>
  <assistant>two</assistant>
  <user>three</user>
</prompt>
