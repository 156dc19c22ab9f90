<prompt schema="archive">
  <storm/>
  <log/>
  <summary/>
  <boat/>
  <user>Who counted the ships?</user>
</prompt>
