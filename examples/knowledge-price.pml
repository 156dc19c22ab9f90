<?xml version="1.0" encoding="UTF-8"?>
<!-- Some of the same documents in another order: nothing is encoded anew. `changes` has to stand behind `prices`. -->
<prompt schema="knowledge_base">
  <cargo-bikes/>
  <booking/>
  <prices/>
  <changes/>
  <user>What does a cargo bike without a motor cost for a day in June, and how early can I book it?</user>
</prompt>
