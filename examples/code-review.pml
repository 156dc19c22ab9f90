<?xml version="1.0" encoding="UTF-8"?>
<!-- The same selections by path; only needed where a name is no legal element name. -->
<prompt schema="code_assistant">
  <use module="style"/>
  <use module="project/job.py"/>
  <use module="project/store.py"/>
  <use module="project/queue.py"/>
  <use module="project/tests/test_queue.py"/>
  <use module="review"/>
  <user>
    Can a job whose handler kills the whole process ever reach the state dead? Name the function
    that decides it.
  </user>
</prompt>
