<prompt schema="shelf">
  <atlas/>
  <user>Who keeps the key of the atlas?</user>
</prompt>
