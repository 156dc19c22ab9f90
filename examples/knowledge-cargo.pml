<?xml version="1.0" encoding="UTF-8"?>
<!-- What a search found for the question, the best document last. -->
<prompt schema="knowledge_base">
  <children/>
  <prices/>
  <cargo-bikes/>
  <user>I want to take my two daughters, three and five, to the lake in a box bike. What do I have to do first?</user>
</prompt>
