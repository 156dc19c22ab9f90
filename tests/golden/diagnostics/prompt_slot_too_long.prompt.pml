<prompt schema="s">
  <notes>Some text.</notes>
</prompt>
