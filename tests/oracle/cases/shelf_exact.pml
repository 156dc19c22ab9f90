<prompt schema="shelf">
  <village/>
  <closed/>
  <use module="novels/rare"/>
  <atlas/>
  <maps/>
  <user>Who keeps the key of the atlas?</user>
</prompt>
