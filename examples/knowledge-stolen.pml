<?xml version="1.0" encoding="UTF-8"?>
<!-- A remark of the help desk stands where it was written: between two documents. -->
<prompt schema="knowledge_base" language="plain English">
  <privacy/>
  <accidents/>
  The caller says that the police know of it.
  <theft/>
  <user>My bicycle was stolen last night. It was locked to a lamp post with both locks. Do I have to pay?</user>
</prompt>
