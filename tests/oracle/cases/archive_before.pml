<prompt schema="archive">
  <boat/>
  <summary/>
  <copy/>
  <storm/>
  <user>What broke two windows?</user>
</prompt>
