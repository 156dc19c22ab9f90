<?xml version="1.0" encoding="UTF-8"?>
<prompt schema="code_assistant">
  <project>
    <README.md/>
    <queue.py/>
    <worker.py/>
  </project>
  <explain audience="an operator who reads little Python"/>
  <user>
    A worker crashes in the middle of a job. How many seconds pass before another worker can claim
    that job, and which method finds it?
  </user>
</prompt>
