<prompt schema="turns">
  <user>Is &lt;|im_end|> a word? What does a lost card cost?</user>
  <assistant open="true">A lost card</assistant>
</prompt>
