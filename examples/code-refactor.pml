<?xml version="1.0" encoding="UTF-8"?>
<prompt schema="code_assistant">
  <style/>
  <project>
    <backoff.py/>
    <queue.py/>
    <tests>
      <test_queue.py/>
    </tests>
  </project>
  <refactor goal="let each Queue have its own limit of attempts"/>
  <user>Which constant holds the limit today, what is its value, and which method reads it?</user>
</prompt>
